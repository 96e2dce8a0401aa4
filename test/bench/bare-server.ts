/**
 * What gridgate is measured against: a bare `https` server that parses the JSON and answers a constant, in which `UID` is
 * the review's.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadKeyPair } from '../../src/certs/key-pair.ts';

const [certFile = '', keyFile = '', answer = ''] = process.argv.slice(2);
const [before = '', after] = answer.split('UID');
const constant = Buffer.from(answer);
const { cert, key } = loadKeyPair({ certFile, keyFile });

const server = createServer({ cert, key, minVersion: 'TLSv1.3', keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const review = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const payload = after === undefined ? constant : Buffer.from(before + review.request.uid + after);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': payload.length }).end(payload);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
