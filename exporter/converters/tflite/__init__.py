"""TFLite files: made, run, quantized op by op, and looked into."""
