/**
 * Solves (M + ridge * I) x = y for a symmetric, positive definite M of n rows, row after row in one array of which the lower
 * half is read. By Cholesky's factorisation M = L L': half the work of a general solver, and no pivots.
 */
export function solveRidge(matrix: Float64Array, ridge: number, right: Float64Array): Float64Array {
  return substitute(factorOf(matrix, ridge, right.length), right);
}

/** Of the last system that was solved: each is written whole before it is read. */
let factor = new Float64Array(0);

function factorOf(matrix: Float64Array, ridge: number, n: number): Float64Array {
  if (factor.length < matrix.length) factor = new Float64Array(matrix.length);
  const lower = factor;
  for (let row = 0; row < n; row++)
    for (let column = 0; column <= row; column++) {
      let sum = at(matrix, row * n + column) + (row === column ? ridge : 0);
      for (let k = 0; k < column; k++) sum -= at(lower, row * n + k) * at(lower, column * n + k);
      lower[row * n + column] = row === column ? Math.sqrt(sum) : sum / at(lower, column * n + column);
    }
  return lower;
}

/** L z = y from the first row on, then L' x = z from the last one back. */
function substitute(lower: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const solution = Float64Array.from(right);
  for (let row = 0; row < n; row++) {
    let sum = at(solution, row);
    for (let k = 0; k < row; k++) sum -= at(lower, row * n + k) * at(solution, k);
    solution[row] = sum / at(lower, row * n + row);
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = at(solution, row);
    for (let k = row + 1; k < n; k++) sum -= at(lower, k * n + row) * at(solution, k);
    solution[row] = sum / at(lower, row * n + row);
  }
  return solution;
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
