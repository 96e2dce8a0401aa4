/** Kubernetes quantities (`k8s.io/apimachinery/pkg/api/resource`): decimal and binary suffixes, and exponents. */
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d+))?$/;

const SCALE: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as a number of cores, bytes or what else it counts; `undefined` when it is none. Manifests may hold bare numbers. */
export function parseQuantity(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return Number.isFinite(quantity) ? quantity : undefined;
  const match = typeof quantity === 'string' ? QUANTITY.exec(quantity.trim()) : null;
  if (!match) return undefined;
  const [, digits = '', suffix, exponent] = match;
  return Number(digits) * (suffix === undefined ? 10 ** Number(exponent ?? 0) : (SCALE[suffix] ?? 1));
}
