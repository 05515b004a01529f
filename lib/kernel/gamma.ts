/** The logarithm of the gamma function and the derivatives of that. */

/** `(-1)ᵏ (ζ(k) - 1)/k` for k = 2, 3, …: the series of `log Γ(2 + z)`, which converges fast for |z| ≤ ½. */
const zetaSeries = [
  0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986, 0.0028905103307415234,
  -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939, 9.945751278180853e-05, -4.492623673813314e-05,
  2.050721277567069e-05, -9.439488275268397e-06, 4.374866789907488e-06, -2.039215753801366e-06, 9.55141213040742e-07,
  -4.492469198764566e-07, 2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08,
  -2.2711094608943164e-08, 1.0838659214896955e-08, -5.183475041970047e-09, 2.4836745438024785e-09,
  -1.1921401405860912e-09, 5.731367241678862e-10, -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11,
  3.1044247747322276e-11, -1.5021384080754142e-11,
]

/** The Bernoulli numbers B₂, B₄, …, of the asymptotic series. */
const bernoulli = [
  0.16666666666666666, -0.03333333333333333, 0.023809523809523808, -0.03333333333333333, 0.07575757575757576,
  -0.2531135531135531, 1.1666666666666667, -7.092156862745098, 54.971177944862156, -529.1242424242424,
]

/** 1 - γ. */
const oneMinusEuler = 0.42278433509846713
const halfLogTwoPi = 0.9189385332046728

/** `log Γ(2 + z)` for |z| ≤ ½, accurate at its zero. */
const nearTwo = (z: number): number => {
  let sum = 0
  for (let k = zetaSeries.length - 1; k >= 0; k--) sum = sum * z + zetaSeries[k]!
  return z * (oneMinusEuler + z * sum)
}

/** `sin(πx)`, exact at integers. */
const sinPi = (x: number): number => {
  const r = x - 2 * Math.round(x / 2)
  return Math.abs(r) === 1 ? 0 : Math.sin(Math.PI * r)
}

const isPole = (x: number): boolean => x <= 0 && Number.isInteger(x)

/** `log |Γ(x)|`; +∞ at 0, -1, -2, …. */
export const lgamma = (x: number): number => {
  if (isPole(x) || Math.abs(x) === Infinity) return Infinity
  if (x < -0.5) return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x)
  if (x < 0.5) return lgamma(x + 1) - Math.log(Math.abs(x))
  if (x < 1.5) return nearTwo(x - 1) - Math.log1p(x - 1)
  if (x <= 2.5) return nearTwo(x - 2)
  if (x < 12) {
    let product = 1
    let z = x
    while (z > 2.5) product *= --z
    return nearTwo(z - 2) + Math.log(product)
  }
  let series = 0
  for (let k = bernoulli.length; k > 0; k--) series = series / (x * x) + bernoulli[k - 1]! / (2 * k * (2 * k - 1))
  return (x - 0.5) * Math.log(x) - x + halfLogTwoPi + series / x
}

/** `dⁿ/dxⁿ π cot(πx)`: a polynomial in the cotangent, by `cot' = -π (1 + cot²)`. */
const cotangentDerivative = (x: number, n: number): number => {
  const r = x - Math.round(x)
  const c = Math.abs(r) === 0.5 ? 0 : 1 / Math.tan(Math.PI * r)
  let p = [0, 1]
  for (let k = 0; k < n; k++) {
    const slope = p.map((a, i) => i * a).slice(1)
    p = [...slope, 0, 0].map((a, i) => -(a + (slope[i - 2] ?? 0)))
  }
  return Math.PI ** (n + 1) * p.reduceRight((sum, a) => sum * c + a, 0)
}

/** The digamma function ψ = (log Γ)′ for n = 0, and its `n`-th derivative; NaN at -1, -2, …. */
export const polygamma = (n: number, x: number): number => {
  const odd = n % 2 === 1
  if (x === 0) return odd ? Infinity : -Infinity
  if (isPole(x) || Number.isNaN(x)) return NaN
  if (x < 0) return (odd ? -1 : 1) * polygamma(n, 1 - x) - cotangentDerivative(x, n)
  let z = x
  let shifted = 0
  for (; z < 14 + n; z++) shifted += z ** -(n + 1)
  return n === 0 ? asymptotic(0, z) - shifted : (odd ? 1 : -1) * (factorial(n) * shifted + asymptotic(n, z))
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

/** ψ (n = 0) or |ψ⁽ⁿ⁾| for large arguments. */
const asymptotic = (n: number, z: number): number => {
  let series = 0
  for (let k = bernoulli.length; k > 0; k--) {
    let term = n === 0 ? bernoulli[k - 1]! / (2 * k) : bernoulli[k - 1]!
    for (let i = 1; i < n; i++) term *= 2 * k + i
    series = series / (z * z) + term
  }
  if (n === 0) return Math.log(z) - 0.5 / z - series / (z * z)
  return z ** -n * (factorial(n - 1) + factorial(n) / (2 * z) + series / (z * z))
}
