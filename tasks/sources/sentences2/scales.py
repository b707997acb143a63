"""Things by size, danger, speed and price, people by standing, verbs by pace, from 0 to 5."""

from __future__ import annotations

_SIZE = (
    "ant flea seed crumb needle raindrop pea gnat pin speck button ladybird rivet bead grain louse "
    "pebble tick pearl sequin peppercorn snowflake tadpole staple",
    "mouse apple spoon sparrow cup lemon frog egg wallet goldfish plum hamster mug tomato candle "
    "sock onion brush lizard glove pear fork robin pencil",
    "cat suitcase chicken bucket rabbit pumpkin cushion duck backpack fox violin kettle basket "
    "turkey helmet lamp goose guitar pillow badger vase toaster otter trumpet",
    "table horse sofa wardrobe bicycle bear piano cow armchair lion wheelbarrow desk donkey "
    "gorilla fridge tiger bed deer motorcycle pony crocodile bathtub zebra bench",
    "elephant house bus lorry whale cottage barn tractor oak yacht tram dinosaur locomotive garage "
    "caravan helicopter bungalow submarine chapel bulldozer windmill mammoth ambulance lighthouse",
    "mountain city ocean skyscraper stadium planet continent volcano airport lake forest desert "
    "island glacier moon country cathedral pyramid canyon river galaxy valley harbour metropolis",
)
_DANGER = (
    "pillow daisy cushion biscuit teddy slipper blanket pancake balloon lullaby cupcake butterfly "
    "pyjamas rainbow poem teacup sofa ribbon cardigan muffin doll feather bookmark napkin",
    "spoon rabbit bicycle pencil cow hamster umbrella kettle sparrow ladder goat scooter potato "
    "candle pony swing sled bathtub duck skates fork broom bench donkey",
    "bee scissors nettle dog thorn hammer wasp stove razor horse drill bonfire motorcycle saw "
    "cigarette boxer hornet torch pitchfork nail chisel rapids firework jellyfish",
    "knife wolf axe boar storm chainsaw bull burglar flood whip scorpion dagger bear quicksand "
    "spear fever robber swamp stallion harpoon blizzard crossbow hunter cliff",
    "tiger pistol cobra shark fire crocodile rifle sword poison lion murderer avalanche shotgun "
    "gangster revolver viper earthquake cannon landslide assassin rattlesnake explosion sniper "
    "tornado",
    "bomb missile plague tsunami warhead massacre war dynamite volcano anthrax cyanide terrorist "
    "torpedo grenade epidemic landmine hurricane genocide radiation ebola arsenic firebomb napalm "
    "firestorm",
)
_SPEED = (
    "rock statue tree mountain wall house pillar tower stump boulder monument bench signpost fence "
    "lamppost chimney tombstone cactus bridge cottage pyramid oak anchor carpet",
    "snail slug turtle worm caterpillar sloth glacier tortoise starfish toddler baby ladybird "
    "beetle barge steamroller hedgehog jellyfish crab limpet larva wheelchair lawnmower earthworm "
    "mole",
    "pedestrian cow duck wheelbarrow donkey hiker chicken penguin pram sheep elephant camel pig "
    "oxcart nun goose stroller hippo grandmother shopper canoe raft panda hen",
    "bicycle jogger rabbit cat tram scooter fox bus sailboat carriage wolf moped dog sledge "
    "squirrel skater kangaroo tractor ferry goat deer bear pony stagecoach",
    "car train motorcycle cheetah falcon racehorse lorry greyhound ambulance speedboat taxi eagle "
    "van swallow antelope express limousine helicopter swordfish hawk leopard jeep hurricane "
    "gazelle",
    "rocket bullet missile jet comet meteor lightning spaceship airliner satellite torpedo "
    "spacecraft cannonball laser asteroid interceptor warplane bomber airplane sunbeam shell "
    "starship grenade shockwave",
)
_PRICE = (
    "crumb pebble straw button twig leaf toothpick matchstick napkin feather thread staple pea "
    "paperclip acorn rag chalk seashell confetti cork peanut bead splinter grain",
    "sandwich pencil candle onion sock comb magazine lollipop notebook coffee sponge mug egg "
    "banana postcard toothbrush spoon soap lightbulb balloon loaf apple marker envelope",
    "book shirt umbrella pillow kettle wallet hammer scarf teddy toaster football vase blanket "
    "skateboard lamp belt helmet hat tent perfume skirt backpack drill microscope",
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
    "beggar tramp slave prisoner vagrant orphan outcast pauper refugee convict peasant "
    "scavenger thief hermit deserter captive exile runaway",
    "servant maid cleaner porter dishwasher shepherd waiter labourer janitor farmhand busboy "
    "miner sweeper laundress milkmaid bellboy docker lumberjack",
    "clerk baker plumber driver carpenter barber tailor nurse mechanic gardener postman butcher "
    "electrician cashier fisherman blacksmith secretary hairdresser",
    "teacher engineer journalist officer accountant librarian captain architect manager "
    "pharmacist dentist inspector scientist lawyer detective veterinarian novelist programmer",
    "surgeon professor judge mayor general ambassador senator bishop director banker minister "
    "admiral governor chancellor cardinal archbishop tycoon commander",
    "king president emperor queen pharaoh pope sultan prince tsar monarch billionaire empress "
    "caesar maharaja shah dictator kaiser tsarina",
)
_PACE = (
    "stood sat waited rested slept lay paused froze lingered stayed remained knelt crouched "
    "squatted dozed idled stopped leaned",
    "crawled crept inched dragged shuffled trudged hobbled limped waddled slithered tiptoed "
    "toddled dawdled plodded lumbered sidled straggled slouched",
    "walked strolled wandered ambled sauntered roamed rambled strutted paced stepped tramped hiked "
    "drifted floated meandered promenaded prowled sailed",
    "marched strode jogged trotted hurried skipped skated cycled rode swam hopped danced scrambled "
    "scampered bounced rolled cantered paddled",
    "ran raced galloped dashed rushed sprinted bolted scurried fled charged stampeded darted "
    "scooted drove surged swooped careered chased",
    "flew rocketed zoomed shot blasted whizzed streaked hurtled flashed plunged exploded "
    "catapulted soared jetted accelerated plummeted torpedoed vanished",
)
SIZE, DANGER, SPEED, PRICE, STANDING, PACE = (
    tuple(tuple(level.split()) for level in scale)
    for scale in (_SIZE, _DANGER, _SPEED, _PRICE, _STANDING, _PACE)
)
"""By level from 0 to 5: tiny to huge, harmless to deadly, still to flying, cents to millions, the
lowest to the highest, not moving to too fast to follow."""
