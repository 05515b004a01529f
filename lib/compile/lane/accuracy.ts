/**
 * How exact formulas are: the greatest distance from the true value, in units in the last place of it, that was found on tens of thousands of
 * points of each of several ranges (for `f32` with one argument, also on a thousandth of all numbers), rounded up a little. Operations
 * that are not listed are rounded once (`add`, `sqrt` …), or exact (`relu`, `mod` …), or those of evaluation.
 *
 * Results that are no normal numbers are within a unit of the least subnormal number, but for `bose`, `sech2` and `powDerivative`, which may be
 * 0 there. Arguments that are no normal numbers lose a bit in `expm1`, and in what is made of it (`bose`, `log1mexp`).
 * A value of `logaddexp` that is near 0, between a negative and a positive summand, is that far off in units of the summands. Sines and
 * cosines of arguments beyond `reductionLimit`, and unusual cases of `atan2`, `pow`, `mod` and the like, are those of evaluation.
 */
export const ulps: Readonly<Record<string, { readonly f64: number; readonly f32: number }>> = {
  acos: { f64: 1.1, f32: 1.15 },
  acosh: { f64: 2.05, f32: 1.95 },
  asin: { f64: 2, f32: 2.3 },
  asinh: { f64: 1.6, f32: 1.65 },
  atan: { f64: 1.9, f32: 2.05 },
  atan2: { f64: 1.75, f32: 2.05 },
  atanh: { f64: 1.65, f32: 1.9 },
  bose: { f64: 2.35, f32: 2.45 },
  bump: { f64: 3.35, f32: 3.75 },
  cbrt: { f64: 0.7, f32: 0.8 },
  cos: { f64: 1.4, f32: 2.35 },
  cosh: { f64: 1.25, f32: 1.45 },
  direction: { f64: 1.95, f32: 2.1 },
  entr: { f64: 1.6, f32: 1.6 },
  erf: { f64: 1.75, f32: 2.1 },
  erfc: { f64: 3.1, f32: 3.45 },
  exp: { f64: 0.95, f32: 1.05 },
  exp2: { f64: 1.15, f32: 1.05 },
  expm1: { f64: 1.15, f32: 1.15 },
  hypot: { f64: 1.2, f32: 1.15 },
  log: { f64: 0.8, f32: 0.9 },
  log10: { f64: 0.9, f32: 0.95 },
  log1mexp: { f64: 2.1, f32: 2.05 },
  log1p: { f64: 0.85, f32: 0.9 },
  log2: { f64: 0.9, f32: 1 },
  logaddexp: { f64: 1.55, f32: 1.35 },
  logit: { f64: 3.15, f32: 3.15 },
  ndtr: { f64: 3.25, f32: 3.4 },
  pow: { f64: 1.15, f32: 1.1 },
  rsqrt: { f64: 1.5, f32: 1.5 },
  sech2: { f64: 3.9, f32: 4.45 },
  sigmoid: { f64: 1.85, f32: 2.2 },
  sin: { f64: 1.35, f32: 2.4 },
  sinc: { f64: 2.55, f32: 2.7 },
  sinh: { f64: 1.8, f32: 2.15 },
  softSign: { f64: 1.45, f32: 1.55 },
  softplus: { f64: 1.9, f32: 1.75 },
  tan: { f64: 2.85, f32: 3.6 },
  tanh: { f64: 1.9, f32: 2.4 },
  xlogy: { f64: 1.65, f32: 1.7 },
}
