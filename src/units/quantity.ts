/**
 * Kubernetes quantities (`k8s.io/apimachinery/pkg/api/resource`): decimal and binary suffixes, and exponents. What stands
 * before a point is never read in two ways, so that a long text of digits costs no more than its length. An exponent has to fit
 * into 64 bits. Without any digit it is 0, as where a template rendered `Mi` behind nothing.
 */
const QUANTITY = /^([+-]?(?:\d+(?:\.\d*)?|\.\d*)?)(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d{1,18}))?$/;

/** Powers of ten. */
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Powers of two. */
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** Kubernetes caps what is larger, without a word. */
const LARGEST = 2 ** 63;

/** A quantity as a number of cores, bytes or what else it counts; `undefined` when it is none. Manifests may hold bare numbers. */
export function parseQuantity(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return Number.isFinite(quantity) ? cap(quantity) : undefined;
  // The API server looks past spaces around it (`Quantity.UnmarshalJSON`).
  const text = typeof quantity === 'string' ? quantity.replace(/^ +| +$/g, '') : '';
  const match = text === '' ? null : QUANTITY.exec(text);
  if (!match) return undefined;
  const [, written = '', suffix = '', exponent] = match;
  const digits = /\d/.test(written) ? written : '0';
  const binary = BINARY[suffix];
  if (binary !== undefined) return cap(Number(digits) * 2 ** binary);
  // JavaScript reads "250e-9" to the last bit, which a product with 1e-9 is not.
  return cap(Number(`${digits}e${exponent ?? DECIMAL[suffix] ?? 0}`));
}

function cap(amount: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, amount));
}
