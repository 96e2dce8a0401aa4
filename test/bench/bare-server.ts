/** What gridgate is measured against: a bare `https` server that parses the JSON and answers a constant of the same size. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadKeyPair } from '../../src/certs/key-pair.ts';

const [certFile = '', keyFile = '', answerBytes = '0'] = process.argv.slice(2);
const answer = Buffer.alloc(Number(answerBytes), 'x');
const { cert, key } = loadKeyPair({ certFile, keyFile });

const server = createServer({ cert, key, minVersion: 'TLSv1.3', keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
