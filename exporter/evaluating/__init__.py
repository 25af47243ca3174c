"""How accurate a model is, in every format that was made of it, on labelled images."""
