/**
 * For `node --import`, in a process whose clock runs `?rate=` times as fast: callers of its HTTPS server live by the true time, so it waits for them by
 * that. Ten seconds for a handshake would be 0.4 s, and it would close connections after 5 s that the API server keeps for 90 s.
 */
import https, { type ServerOptions } from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

const TIMEOUTS = ['handshakeTimeout', 'keepAliveTimeout', 'requestTimeout', 'headersTimeout'] as const;
const rate = Number(new URL(import.meta.url).searchParams.get('rate'));
const { createServer } = https;

https.createServer = ((options: ServerOptions, ...rest: []) => {
  const stretched = TIMEOUTS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name] * rate]]));
  return createServer({ ...options, ...Object.fromEntries(stretched) }, ...rest);
}) as typeof createServer;
syncBuiltinESMExports();
