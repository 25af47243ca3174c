"""What MobileNet V1 0.25 128, with its published weights, calls the photographs."""

# By the names of the classes, from the background on: the logit that is largest.
GUESSES = {
    "burger": "cheeseburger",
    "cat": "miniature pinscher",
    "dogs": "Saluki, gazelle hound",
    "grace_hopper": "bow tie, bow-tie, bowtie",
    "sparrow": "brambling, Fringilla montifringilla",
}
