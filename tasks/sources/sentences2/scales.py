"""Things by size, danger and price, places by warmth, people by standing, adjectives by favour."""

from __future__ import annotations

_SIZE = (
    "ant flea seed crumb needle raindrop pea gnat pin speck button ladybird rivet bead grain louse "
    "pebble tick pearl sequin peppercorn snowflake tadpole staple mosquito lentil tack thimble "
    "splinter droplet raisin blueberry mite fly pill marble screw earring dime almond",
    "mouse apple spoon sparrow cup lemon frog egg wallet goldfish plum hamster mug tomato candle "
    "sock onion brush lizard glove pear fork robin pencil rat gerbil canary toad saucer padlock "
    "calculator postcard mitten slipper muffin carrot mango chisel trout candlestick",
    "cat suitcase chicken bucket rabbit pumpkin cushion duck backpack fox violin kettle basket "
    "turkey helmet lamp goose guitar pillow badger vase toaster otter trumpet hen hare owl raccoon "
    "beaver puppy laptop typewriter satchel jug microwave melon banjo briefcase parcel dustpan",
    "table horse sofa wardrobe bicycle bear piano cow armchair lion wheelbarrow desk donkey "
    "gorilla fridge tiger bed deer motorcycle pony crocodile bathtub zebra bench moose elk "
    "reindeer bull ox stallion mule llama ostrich walrus door dresser cupboard hammock coffin loom",
    "elephant house bus lorry whale cottage barn tractor oak yacht tram dinosaur locomotive garage "
    "caravan helicopter bungalow submarine chapel bulldozer windmill mammoth ambulance lighthouse "
    "church temple mansion villa airplane trawler warehouse hangar silo redwood poplar schooner "
    "chalet inn brewery sawmill",
    "mountain city ocean skyscraper stadium planet continent volcano airport lake forest desert "
    "island glacier moon country cathedral pyramid canyon river galaxy valley harbour metropolis "
    "sea peninsula kingdom suburb prairie savannah wilderness nation province reef fjord sun "
    "nebula empire tundra plateau",
)
_DANGER = (
    "pillow daisy cushion biscuit teddy slipper blanket pancake balloon lullaby cupcake butterfly "
    "pyjamas rainbow poem teacup sofa ribbon cardigan muffin doll feather bookmark napkin petal "
    "sponge jellybean sunflower lace ballad hymn kitten confetti mitten scarf tulip marshmallow "
    "tapestry haiku pudding",
    "spoon rabbit bicycle pencil cow hamster umbrella kettle sparrow ladder goat scooter potato "
    "candle pony swing sled bathtub duck skates fork broom bench donkey chair bucket pigeon sheep "
    "turtle wheelbarrow stool lamp hen parrot frog mop rake sledge tricycle canoe",
    "bee scissors nettle dog thorn hammer wasp stove razor horse drill bonfire motorcycle saw "
    "cigarette boxer hornet torch pitchfork nail chisel rapids firework jellyfish cactus mousetrap "
    "lighter fryer grinder truck skateboard monkey crab pickaxe syringe bleach pliers shovel "
    "slingshot fox",
    "knife wolf axe boar storm chainsaw bull burglar flood whip scorpion dagger bear quicksand "
    "spear fever robber swamp stallion harpoon blizzard crossbow hunter cliff hyena machete "
    "hatchet riptide gorilla mugger pirate bandit python piranha stingray tarantula bayonet acid "
    "gasoline hailstorm",
    "tiger pistol cobra shark fire crocodile rifle sword poison lion murderer avalanche shotgun "
    "gangster revolver viper earthquake cannon landslide assassin rattlesnake explosion sniper "
    "tornado leopard alligator inferno cyclone typhoon hitman mamba mercenary tank howitzer musket "
    "flamethrower executioner wildfire panther blaze",
    "bomb missile plague tsunami warhead massacre war dynamite volcano anthrax cyanide terrorist "
    "torpedo grenade epidemic landmine hurricane genocide radiation ebola arsenic firebomb napalm "
    "firestorm apocalypse airstrike smallpox cholera sarin ricin pandemic meltdown plutonium "
    "uranium cataclysm blitz bombardment famine invasion eruption",
)
_WARMTH = (
    "Greenland Antarctica Siberia Alaska Lapland Yukon Spitsbergen Nunavut Iceland Labrador "
    "Anchorage Fairbanks Murmansk Yakutsk Tromso Manitoba Mongolia Arkhangelsk Norilsk Reykjavik "
    "Svalbard Nuuk Irkutsk Magadan Kamchatka Yakutia Saskatchewan Whitehorse Yellowknife "
    "Novosibirsk",
    "Norway Sweden Finland Estonia Latvia Lithuania Moscow Russia Canada Oslo Stockholm Helsinki "
    "Ottawa Montreal Quebec Minnesota Belarus Toronto Riga Tallinn Calgary Winnipeg Wisconsin "
    "Vermont Maine Montana Karelia Ontario Minsk Vilnius Gothenburg Bergen Edmonton Minneapolis "
    "Halifax Kazan",
    "Scotland Ireland Denmark Poland Germany England London Dublin Berlin Warsaw Copenhagen Prague "
    "Vienna Hamburg Munich Belgium Holland Chicago Boston Michigan Ohio Glasgow Switzerland "
    "Austria Wales Bavaria Czechia Luxembourg Edinburgh Amsterdam Brussels Zurich Kiev Detroit "
    "Cleveland Dresden",
    "France Milan Italy Rome Spain Madrid Portugal Lisbon Barcelona Croatia Bulgaria Istanbul "
    "Turkey Tokyo Japan Seoul Korea Beijing Melbourne Virginia Kentucky Tennessee Florence Kyoto "
    "Serbia Tuscany Burgundy Uzbekistan Paris Lyon Venice Porto Belgrade Bucharest Ankara Bordeaux",
    "Greece Athens Cyprus Malta Israel Jerusalem Lebanon Texas Louisiana Florida Georgia "
    "California Morocco Algeria Tunisia Cairo Egypt Sydney Brisbane Dallas Houston Taiwan Sicily "
    "Alabama Naples Seville Palermo Valencia Casablanca Algiers Tunis Beirut Damascus Austin "
    "Atlanta Memphis",
    "Sudan Mali Chad Nigeria Ghana Thailand Bangkok Singapore Malaysia Indonesia Jakarta Manila "
    "Mumbai Dubai Qatar Yemen Somalia Senegal Jamaica Cuba Haiti Congo Venezuela Panama Kolkata "
    "Khartoum Lagos Accra Dakar Mogadishu Havana Kingston Miami Honduras Guyana Kuwait",
)
_PRICE = (
    "sandwich pencil candle onion sock comb magazine lollipop notebook coffee sponge mug egg "
    "banana postcard toothbrush spoon soap lightbulb balloon loaf apple marker envelope",
    "book shirt umbrella pillow kettle wallet hammer scarf teddy toaster football vase blanket "
    "skateboard lamp belt helmet hat perfume skirt backpack jigsaw sweater dictionary",
    "chair stool suitcase tent drill microscope printer radio telephone heater lawnmower saddle "
    "ladder trampoline bookcase jacket crib tuxedo telescope typewriter wheelbarrow mirror stove "
    "barbecue",
    "bicycle sofa wardrobe guitar refrigerator violin television mattress dishwasher bed camera "
    "coat puppy laptop oven desk bracelet carpet armchair canoe bathtub computer chandelier "
    "watch",
    "car motorcycle tractor lorry van caravan ambulance racehorse sailboat limousine taxi jeep "
    "bus diamond bulldozer speedboat garage piano harvester convertible minibus necklace crane "
    "tram",
    "castle palace skyscraper airport satellite submarine mansion hospital stadium cathedral "
    "spaceship battleship museum hotel island airliner bridge tunnel university rocket factory "
    "warship casino tower",
)
_STANDING = (
    "beggar tramp slave prisoner vagrant orphan outcast pauper refugee convict peasant scavenger "
    "thief hermit deserter captive exile runaway urchin drifter hobo outlaw serf fugitive",
    "servant maid cleaner porter dishwasher shepherd waiter labourer janitor farmhand busboy miner "
    "sweeper laundress milkmaid bellboy docker lumberjack housemaid usher chauffeur gravedigger "
    "stableboy packer",
    "clerk baker plumber driver carpenter barber tailor nurse mechanic gardener postman butcher "
    "electrician cashier fisherman blacksmith secretary hairdresser roofer typist mason cobbler "
    "grocer welder",
    "teacher engineer journalist officer accountant librarian captain architect manager pharmacist "
    "dentist inspector scientist lawyer detective veterinarian novelist programmer sergeant "
    "chemist surveyor translator curator headmaster",
    "surgeon professor judge mayor general ambassador senator bishop director banker minister "
    "admiral governor chancellor cardinal archbishop tycoon commander chairman marshal baron "
    "treasurer viceroy statesman",
    "king president emperor queen pharaoh pope sultan prince tsar monarch billionaire empress "
    "caesar maharaja shah dictator kaiser tsarina rajah czar khan overlord autocrat regent",
)
_VIEW = (
    "disappointing unpleasant tedious tiresome messy shabby lousy irritating depressing inferior "
    "unfriendly tasteless sloppy dreary dirty frustrating useless overpriced",
    "mediocre dull forgettable uneven bland unremarkable tame dated lukewarm thin predictable "
    "clumsy flat stale shallow cramped drab monotonous",
    "ordinary common typical usual normal standard regular conventional familiar modest moderate "
    "neutral basic average everyday routine generic traditional",
    "decent acceptable agreeable adequate reasonable solid passable tidy respectable tolerable "
    "harmless sensible sound competent satisfactory reliable sufficient bearable",
    "pleasant charming enjoyable clever lively impressive elegant inviting satisfying likeable "
    "entertaining refreshing appealing rewarding engaging attractive cheerful graceful",
    "superb magnificent outstanding marvellous splendid exceptional flawless stunning breathtaking "
    "glorious phenomenal sublime dazzling exquisite sensational masterful unforgettable "
    "spectacular",
)
SIZE, DANGER, WARMTH, PRICE, STANDING, VIEW = (
    tuple(tuple(level.split()) for level in scale)
    for scale in (_SIZE, _DANGER, _WARMTH, _PRICE, _STANDING, _VIEW)
)
"""By level from 0 to 5: tiny to huge, harmless to deadly, about freezing to above 25
degrees over the year, cents to millions, the lowest to the highest, tedious to superb.
"""
