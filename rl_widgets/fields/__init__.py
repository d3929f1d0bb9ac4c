"""What a configurable object is made of: traits with type, bounds, unit, label, help and order.

Code, forms, REST and YAML all check by these traits, so that they refuse with the same words. This
loads neither Ray nor torch.
"""
