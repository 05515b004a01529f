/**
 * How exact formulas are: the greatest distance from the true value, in units in the last place of it, that was found on tens of
 * thousands of points of each of several ranges (for `f32` with one argument, also on a thousandth of all numbers), and a little
 * more. Operations that are not listed are rounded once (`add`, `sqrt` …), or exact (`relu`, `mod` …), or made of listed ones, or
 * those of evaluation.
 *
 * Results that are no normal numbers are within a unit of the least subnormal number, except that `bose`, `sech2`, `powDerivative`
 * and `atan2Derivative` may be 0 there. Arguments that are no normal numbers may lose a bit in `expm1`, and in what is made of it
 * (`bose`). A value of `logaddexp` near 0, between a negative and a positive summand, is that far off in units of the summands.
 * Sines and cosines of arguments beyond `reductionLimit`, and unusual cases of `atan2`, `pow`, `mod` and the like, are those of
 * evaluation.
 */
export const ulps: Readonly<Record<string, { readonly f64: number; readonly f32: number }>> = {
  acos: { f64: 1.15, f32: 1.2 },
  acosh: { f64: 2.1, f32: 2.05 },
  asin: { f64: 2.05, f32: 2.4 },
  asinh: { f64: 1.6, f32: 1.75 },
  atan: { f64: 1.9, f32: 2.1 },
  atan2: { f64: 1.8, f32: 2.1 },
  atanh: { f64: 1.7, f32: 2 },
  bose: { f64: 2.4, f32: 2.55 },
  bump: { f64: 3.4, f32: 3.9 },
  cbrt: { f64: 0.7, f32: 0.85 },
  cos: { f64: 1.45, f32: 2.45 },
  cosh: { f64: 1.3, f32: 1.5 },
  direction: { f64: 2, f32: 2.2 },
  entr: { f64: 1.6, f32: 1.75 },
  erf: { f64: 1.8, f32: 2.15 },
  erfc: { f64: 3.2, f32: 3.55 },
  exp: { f64: 1, f32: 1.1 },
  exp2: { f64: 1.15, f32: 1.1 },
  expm1: { f64: 1.15, f32: 1.2 },
  hypot: { f64: 1.2, f32: 1.2 },
  log: { f64: 0.8, f32: 0.95 },
  log10: { f64: 0.9, f32: 1 },
  log1mexp: { f64: 2.1, f32: 2.15 },
  log1p: { f64: 0.85, f32: 0.95 },
  log2: { f64: 0.9, f32: 1.05 },
  logaddexp: { f64: 1.6, f32: 1.4 },
  logit: { f64: 3.2, f32: 3.25 },
  ndtr: { f64: 3.3, f32: 3.8 },
  pow: { f64: 1.15, f32: 1.15 },
  rsqrt: { f64: 1.5, f32: 1.55 },
  sech2: { f64: 4, f32: 4.6 },
  sigmoid: { f64: 1.9, f32: 2.3 },
  sin: { f64: 1.4, f32: 2.45 },
  sinc: { f64: 2.6, f32: 2.8 },
  sinh: { f64: 1.85, f32: 2.25 },
  softSign: { f64: 1.45, f32: 1.6 },
  softplus: { f64: 1.95, f32: 1.85 },
  tan: { f64: 2.9, f32: 3.75 },
  tanh: { f64: 1.95, f32: 2.45 },
  xlogy: { f64: 1.7, f32: 1.8 },
}
