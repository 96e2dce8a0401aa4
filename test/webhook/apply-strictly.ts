import type { PatchOperation } from '../../src/decision/patch.ts';

type Container = Record<string, unknown> | unknown[];

/** Applies a JSON Patch to a copy, and throws where the API server would fail the user's request. */
export function applyStrictly(document: unknown, patch: readonly PatchOperation[]): unknown {
  const copy = structuredClone(document);
  for (const { op, path, value } of patch) {
    const steps = path.split('/').slice(1).map(unescapeStep);
    const last = steps.pop() ?? '';
    const parent = steps.reduce<unknown>((at, step) => childOf(at, step, path), copy);
    if (!isContainer(parent)) throw new Error(`${op} ${path}: below ${JSON.stringify(parent)}`);
    if (op !== 'add') childOf(parent, last, path);
    if (Array.isArray(parent)) changeList(parent, last, { op, path, value });
    else if (op === 'remove') delete parent[last];
    else Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function childOf(parent: unknown, step: string, path: string): unknown {
  if (!isContainer(parent) || !Object.hasOwn(parent, step)) throw new Error(`${path}: there is no ${step}`);
  return (parent as Record<string, unknown>)[step];
}

function changeList(list: unknown[], step: string, { op, path, value }: PatchOperation): void {
  const index = step === '-' && op === 'add' ? list.length : /^\d+$/.test(step) ? Number(step) : Number.NaN;
  if (!(index <= list.length)) throw new Error(`${op} ${path}: ${step} is no index`);
  list.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
