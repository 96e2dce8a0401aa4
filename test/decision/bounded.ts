import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/**
 * Whether code that imports one module of `src/decision` ends at all: it runs in a thread of its own, since what
 * freezes gridgate would freeze the test too. A generous limit, no measurement.
 */
export async function ends(module: string, use: (module: never) => void): Promise<boolean> {
  const url = new URL(`../../src/decision/${module}`, import.meta.url).href;
  const worker = new Worker(
    `import(${JSON.stringify(url)}).then((module) => {
      (${use})(module);
      require('node:worker_threads').parentPort.postMessage(true);
    })`,
    { eval: true },
  );
  const ended = new Promise<boolean>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  try {
    return await Promise.race([ended, wait(5000, false, { ref: false })]);
  } finally {
    await worker.terminate();
  }
}
