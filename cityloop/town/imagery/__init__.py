"""Pictures from above: aerial and satellite layers, when each was taken, who may look at it, and its tiles."""
