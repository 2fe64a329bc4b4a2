"""The first thing that anybody runs after a deployment: a few files through a domain made for it."""
