/** `npm test`: everything that needs no control plane, as many processes at a time as there are processors. Options go to `node --test`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { processes } from './groups.ts';

// Its own default leaves one processor out.
const concurrency = `--test-concurrency=${Math.max(2, availableParallelism())}`;
const child = spawn(process.execPath, ['--test', concurrency, ...process.argv.slice(2), ...processes()], {
  stdio: 'inherit',
});
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
