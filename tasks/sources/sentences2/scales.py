"""Things by size, danger and speed, each from 0 to 5."""

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
SIZE, DANGER, SPEED = (
    tuple(tuple(level.split()) for level in scale) for scale in (_SIZE, _DANGER, _SPEED)
)
"""By level: 0 tiny to 5 huge, 0 harmless to 5 deadly, 0 still to 5 flying."""
