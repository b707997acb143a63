// What a reader may do with a board: filter, sort, choose columns, copy, and turn the chart's axes.
// The whole view stands in the form `view`, and the form in the address, so that a link restores it.
"use strict";

const form = document.getElementById("view");
const entries = JSON.parse(document.getElementById("entries").textContent);
const tables = [];

const field = (name) => form.elements[name];
const told = (message) => { document.getElementById("told").textContent = message; };

function restore() {
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    const own = field(name);
    if (!own) continue;
    if (own.type === "checkbox") own.checked = value === "on";
    else if (own.tagName !== "SELECT" || [...own.options].some((o) => o.value === value)) own.value = value;
  }
}

function remember() {
  const view = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const own = field(name);
    if (value !== (own.tagName === "SELECT" ? own.dataset.usual ?? "" : "")) view.append(name, value);
  }
  history.replaceState(null, "", view.size ? `#${view}` : location.pathname);
}

function wanted(entry) {
  const find = field("find").value.trim().toLowerCase();
  return (!find || entry.name.toLowerCase().includes(find))
    && (!field("block").value || entry.block === field("block").value)
    && !(field("controls").checked && entry.family === "control")
    && !(field("complete").checked && !entry.complete);
}

// Tables -------------------------------------------------------------------------------------------

const shown = { columns: ":visible" };
const SPECIAL = {
  "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}",
  "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "±": "$\\pm$", "<": "\\textless{}", ">": "\\textgreater{}",
  "|": "\\textbar{}", "▲": "$\\blacktriangle$", "▼": "$\\blacktriangledown$", "·": "$\\cdot$", "Δ": "$\\Delta$",
};
const escaped = (text) => [...text].map((letter) => SPECIAL[letter] ?? letter).join("");

function latex(table) {
  const { header, body } = table.buttons.exportData(shown);
  const row = (cells) => `${cells.map(escaped).join(" & ")} \\\\`;
  return [
    `\\begin{tabular}{l${"r".repeat(header.length - 1)}}`, "\\toprule", row(header), "\\midrule",
    ...body.map(row), "\\bottomrule", "\\end{tabular}", "",
  ].join("\n");
}

function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function enhance(element, number) {
  const name = `${document.body.dataset.board}-${number}`;
  const table = new DataTable(element, {
    paging: false, info: false, order: [], autoWidth: false, columnDefs: [{ targets: "_all", type: "seesaw" }],
    layout: {
      topStart: { buttons: [
        { extend: "colvis", text: "Columns", columns: ":gt(0)" },
        { extend: "csv", text: "CSV", filename: name, footer: false, exportOptions: shown },
        { text: "LaTeX", action: () => save(latex(table), `${name}.tex`) },
      ] },
      topEnd: null, bottomStart: null, bottomEnd: null,
    },
  });
  table.search.fixed("view", (text, data, index) => wanted(entries[table.row(index).node().dataset.entry]));
  element.addEventListener("pointerover", lead);
  tables.push(table);
}

// a number leads where its entry's name does; a link is made when it is pointed at, not a thousand before
function lead(event) {
  const cell = event.target.closest("tbody td");
  const name = cell?.parentElement.querySelector("th a");
  if (!name || !cell.textContent.trim() || cell.querySelector("a")) return;
  const link = document.createElement("a");
  link.href = `${name.href}#runs`;
  link.tabIndex = -1; // the name is the stop of its row
  link.append(...cell.childNodes);
  cell.append(link);
}

function listen(table, number) {
  table.on("order.dt column-visibility.dt", () => {
    const sorted = table.order().map(([column, way]) => `${number}.${column}.${way}`);
    const hidden = table.columns().indexes().toArray().filter((c) => !table.column(c).visible());
    for (const [name, own] of [["sort", sorted], ["hide", hidden.map((c) => `${number}.${c}`)]]) {
      const others = field(name).value.split(" ").filter((part) => part && !part.startsWith(`${number}.`));
      field(name).value = [...others, ...own].join(" ");
    }
    remember();
  });
}

function arrange() {
  for (const part of field("hide").value.split(" ").filter(Boolean)) {
    const [table, column] = part.split(".").map(Number);
    tables[table]?.column(column).visible(false);
  }
  const orders = tables.map(() => []);
  for (const part of field("sort").value.split(" ").filter(Boolean)) {
    const [table, column, way] = part.split(".");
    if (["asc", "desc"].includes(way)) orders[table]?.push([Number(column), way]);
  }
  tables.forEach((table, number) => { if (orders[number].length) table.order(orders[number]); });
}

// the number that a cell begins with, else its text
function size(cell) {
  const text = DataTable.util.stripHtml(cell).trim();
  const number = parseFloat(text.replaceAll(",", "").replace("−", "-"));
  return Number.isNaN(number) ? text : number;
}

// numbers by size, then words; what is empty comes last whichever way
function before(one, other, way) {
  if (one === "" || other === "") return (one === "") - (other === "");
  if (typeof one !== typeof other) return way * (typeof one === "number" ? -1 : 1);
  return way * (typeof one === "number" ? one - other : one.localeCompare(other));
}

// The chart ----------------------------------------------------------------------------------------

const MOST_NAMED = 40;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const axes = JSON.parse(document.getElementById("axes").textContent);

function front(points, x, y) {
  const ways = [axes[x], axes[y]];
  if (ways.some((own) => !own.better)) return [];
  const costs = (p) => (ways[0].better === "less" ? p.x : -p.x);
  const gains = (p) => (ways[1].better === "less" ? -p.y : p.y);
  const found = [];
  for (const point of [...points].sort((a, b) => costs(a) - costs(b) || gains(b) - gains(a)))
    if (!found.length || gains(point) > gains(found.at(-1))) found.push(point);
  return found;
}

// mean, low and high; a value without an interval is all three
const bar = (value) => typeof value === "number" ? [value, value, value] : value;

let drawing = Promise.resolve(), wishes = 0;

// one drawing at a time, and of those that wait the last alone
function draw() {
  const wish = ++wishes;
  drawing = drawing.then((before) => wish < wishes ? before : chart(before));
}

function chart(before) {
  before?.finalize();
  const [x, y] = [field("x").value, field("y").value];
  const points = entries.filter(wanted).flatMap((entry) => {
    const [across, up] = [bar(entry.values[x]), bar(entry.values[y])];
    if (!across || !up) return [];
    return [{ entry: entry.name, family: entry.family, shape: entry.shape, x: across[0], y: up[0],
      x1: across[1], x2: across[2], y1: up[1], y2: up[2] }];
  });
  const [ink, faint] = [css("--ink"), css("--faint")];
  const families = JSON.parse(document.getElementById("families").textContent);
  const log = field("log").checked && points.every((p) => p.x > 0) ? "log" : "linear";
  const axis = (name, type) => ({ type: "quantitative", title: axes[name].title, scale: { type, zero: false } });
  const colour = { field: "family", type: "nominal", title: null, legend: { orient: "bottom", columns: 2 },
    scale: { domain: Object.keys(families), range: Object.values(families) } };
  const at = { x: { field: "x", ...axis(x, log) }, y: { field: "y", ...axis(y, "linear") } };
  const spec = {
    width: "container", height: 340, background: null, autosize: { type: "fit", contains: "padding" },
    description: `${axes[y].title} against ${axes[x].title}, a point per entry; the tables say the same.`,
    data: { values: points },
    layer: [
      { data: { values: front(points, x, y) }, mark: { type: "line", strokeDash: [4, 3], color: faint }, encoding: at },
      { mark: { type: "rule" }, encoding: { ...at, y: { ...at.y, field: "y1" }, y2: { field: "y2" }, color: colour } },
      { mark: { type: "rule" }, encoding: { ...at, x: { ...at.x, field: "x1" }, x2: { field: "x2" }, color: colour } },
      { mark: { type: "point", filled: true, size: 90, opacity: 1 },
        encoding: { ...at, color: colour, shape: { field: "shape", type: "nominal", scale: null, legend: null },
          description: { field: "entry", type: "nominal" }, tooltip: [{ field: "entry" }, { field: "x", title: axes[x].title, format: ",.4~g" },
            { field: "y", title: axes[y].title, format: ",.4~g" }] } },
      ...(points.length > MOST_NAMED ? [] : [{ mark: { type: "text", align: "left", dx: 7, dy: -6, fontSize: 11, color: ink },
        encoding: { ...at, text: { field: "entry" } } }]),
    ],
    config: { axis: { labelColor: ink, titleColor: ink, domainColor: faint, tickColor: faint, gridColor: css("--line") },
      legend: { labelColor: ink }, view: { stroke: null }, font: "system-ui, sans-serif" },
  };
  const actions = { export: true, source: false, compiled: false, editor: false };
  return vegaEmbed("#chart", spec, { actions, renderer: "svg" }).then((drawn) => {
    document.querySelector("#chart summary").setAttribute("aria-label", "Save the chart");
    return drawn;
  });
}

// --------------------------------------------------------------------------------------------------

function apply() {
  for (const table of tables) table.draw();
  remember();
  draw();
  const count = entries.filter(wanted).length;
  told(`${count} of ${entries.length} entries`);
}

DataTable.ext.type.order["seesaw-pre"] = size;
DataTable.ext.type.order["seesaw-asc"] = (one, other) => before(one, other, 1);
DataTable.ext.type.order["seesaw-desc"] = (one, other) => before(one, other, -1);
const dark = matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark", dark.matches);
restore();
shade();
document.querySelectorAll("table.entries").forEach(enhance);
arrange();
tables.forEach(listen);
form.hidden = false;
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
dark.addEventListener("change", () => { shade(); draw(); });
apply();
