"""Recomputes the values in golden.json with mpmath (python3 -m pip install mpmath), which has as many digits as are asked for.

Every row is a list of arguments, the value rounded to a double, and what that lacks. To add points, write rows with any
values; they are replaced.
"""
import json
import pathlib
from mpmath import *

mp.prec = 240

functions = {
    'acos': acos, 'acosh': acosh, 'asin': asin, 'asinh': asinh, 'atan': atan, 'atan2': atan2, 'atanh': atanh,
    'bose': lambda x: 1 / expm1(x),
    'bump': lambda x: exp(-abs(x)) / (1 + exp(-abs(x))) ** 2,
    'cbrt': lambda x: cbrt(x) if x >= 0 else -cbrt(-x),
    'cos': cos, 'cosh': cosh,
    'direction': lambda x, y: x / hypot(x, y),
    'entr': lambda x: -x * log(x),
    'erf': erf, 'erfc': erfc, 'exp': exp,
    'exp2': lambda x: power(2, x),
    'expm1': expm1, 'hypot': hypot, 'log': log,
    'log10': lambda x: log(x) / log(10),
    'log1mexp': lambda x: log(-expm1(-x)) if x < 1 else log1p(-exp(-x)),
    'log1p': log1p,
    'log2': lambda x: log(x) / log(2),
    'logaddexp': lambda a, b: max(a, b) + log1p(exp(-abs(a - b))),
    'logit': lambda x: log(x / (1 - x)),
    'ndtr': lambda x: erfc(-x / sqrt(2)) / 2,
    'pow': power,
    'rsqrt': lambda x: 1 / sqrt(x),
    'sech2': lambda x: sech(x) ** 2,
    'sigmoid': lambda x: 1 / (1 + exp(-x)),
    'sin': sin, 'sinh': sinh,
    'sinc': lambda x: sin(pi * x) / (pi * x) if x else mpf(1),
    'softSign': lambda x: x / (1 + abs(x)),
    'softplus': lambda x: max(x, 0) + log1p(exp(-abs(x))),
    'tan': tan, 'tanh': tanh,
    'xlogy': lambda x, y: x * log(y),
}

path = pathlib.Path(__file__).with_name('golden.json')
golden = json.loads(path.read_text())


def row(f, args):
    value = f(*map(mpf, args))
    high = float(value)
    return [*args, high, float(value - high)]


path.write_text(json.dumps({name: [row(functions[name], r[:-2]) for r in rows] for name, rows in golden.items()}, separators=(',', ':')))
