"""The words that tasks are made of. Their order is part of the tasks: a change makes other ones."""

NAMES = """Mara Tom Liu Anna Omar Nina Paul Rosa Ivan Kate Hugo Lena Amir Ella Noah Ruth Carl Jane Leo Sara Max Clara
Felix Alice David Emma Peter Laura Simon Julia""".split()
SURNAMES = """Brown Miller Stone Baker Young Carter Hill Reed Fisher Ward Cole Parker Wood Mason Clark Lane Grant Price
Hayes Wells""".split()
CITIES = """London Paris Rome Berlin Madrid Dublin Boston Chicago Denver Oslo Vienna Prague Athens Cairo Tokyo Sydney
Toronto Lisbon""".split()
JOBS = """teacher baker doctor farmer painter driver nurse lawyer singer writer pilot chef tailor gardener dentist
plumber""".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
COLOURS = "red blue green yellow black white purple".split()
ANIMALS = "dog cat horse cow lion tiger rabbit sheep pig wolf bear mouse duck goat".split()
FRUITS = "apple banana grape lemon peach pear cherry mango plum".split()
TOOLS = "hammer saw drill wrench shovel rake axe ladder".split()
CLOTHES = "shirt hat coat sock shoe jacket scarf glove skirt belt".split()
OBJECTS = """lamp chair table book clock basket bottle box candle ladder mirror blanket kettle pillow bucket rope
hammer drum kite bell letter ticket ring coin stamp flag map pencil""".split()
ADJECTIVES = "new small large heavy light broken wooden shiny dusty round cheap bright".split()
PLACES = "kitchen garden garage office library station market museum bakery school hotel harbour".split()
CATEGORIES = {"animal": ANIMALS, "fruit": FRUITS, "color": COLOURS, "clothing": CLOTHES, "tool": TOOLS}

# Present, past, and what follows.
VERBS = [("walk", "walked", "to the {place}"), ("look", "looked", "at the {adjective} {object}"),
         ("paint", "painted", "the {adjective} {object}"), ("open", "opened", "the {colour} {object}"),
         ("clean", "cleaned", "the {adjective} {object}"), ("move", "moved", "the {object} to the {place}"),
         ("wait", "waited", "near the {place}"), ("pack", "packed", "the {object} and the {other}"),
         ("carry", "carried", "the {object} to the {place}"), ("drop", "dropped", "the {colour} {object}"),
         ("need", "needed", "a {adjective} {object}"), ("like", "liked", "the {colour} {object}")]
OPPOSITES = [("hot", "cold"), ("big", "small"), ("fast", "slow"), ("open", "closed"), ("light", "dark"),
             ("rich", "poor"), ("young", "old"), ("wet", "dry"), ("early", "late"), ("full", "empty"),
             ("hard", "soft"), ("high", "low"), ("strong", "weak"), ("loud", "quiet"), ("happy", "sad"),
             ("clean", "dirty"), ("right", "wrong"), ("thick", "thin"), ("near", "far"), ("first", "last")]
PRAISE = "wonderful excellent great beautiful perfect delicious fantastic lovely".split()
BLAME = "terrible awful horrible disgusting boring dreadful useless disappointing".split()
REVIEWED = "movie book meal hotel concert phone service restaurant trip coffee".split()
OPINIONS = ["The {} was really {}.", "I thought the {} was {}.", "My friends say the {} is {}.",
            "Overall the {} was quite {}."]
