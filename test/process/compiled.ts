import { resolve } from 'node:path';

const folder = process.env['NODE_COMPILE_CACHE'];

/** For processes that tests start: what one has compiled, the next need not. `npm test` names the folder. */
export const COMPILED: Readonly<Record<string, string>> = folder ? { NODE_COMPILE_CACHE: resolve(folder) } : {};
