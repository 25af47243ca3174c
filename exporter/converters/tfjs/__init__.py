"""What TensorFlow.js wants: the files that it loads, and a runtime that runs them."""
