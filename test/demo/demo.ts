/** `make demo`: the real server on embedded data and samples, real AdmissionReviews through TLS, a line per decision. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { startGridgate } from '../process/gridgate-process.ts';
import { DEMO_REVIEWS, type DemoReview, toAdmissionReview } from './reviews.ts';

interface ReviewResponse {
  readonly allowed: boolean;
  readonly status?: { readonly message: string };
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly auditAnnotations: { readonly decision: string; readonly reason: string; readonly would?: string };
}

const keepRunning = process.argv.includes('--keep-running');
const gridgate = await startGridgate({
  args: [
    ...(keepRunning ? ['--port', process.env['PORT'] ?? '8443', '--metrics-port', '9090'] : []),
    ...['--regions', 'manifests/samples/regions.yaml'],
    ...['--namespaces', 'manifests/samples/namespaces.yaml'],
    ...['--default-region', 'eu-central-1'],
  ],
  compiled: true,
});
const ca = await readFile('certs/ca.crt');

print(
  `gridgate listens on ${gridgate.webhook} (certs/tls.crt, TLS 1.3); ready ${Math.round(gridgate.startedInMs)} ms after its start\n`,
);
print(row('NAMESPACE', 'POD', 'DECISION', 'REASON', 'REGIONS (gCO2e/kWh), best first'));
for (const review of DEMO_REVIEWS) print(describe(review, await send(review)));

if (keepRunning) {
  print(`\nStatus page: ${gridgate.operators}/\nTry it:\n  ${curlLine()}\nCtrl-C stops it.`);
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
} else await stop();

async function stop(): Promise<void> {
  const code = await gridgate.end();
  print(`\nstopped, exit code ${code}`);
  process.exitCode = code ?? 1;
}

async function send(review: DemoReview): Promise<ReviewResponse> {
  const body = JSON.stringify(toAdmissionReview(review));
  const answered = Promise.withResolvers<string>();
  request(
    `${gridgate.webhook}/mutate?timeout=2s`,
    { method: 'POST', ca, minVersion: 'TLSv1.3', headers: { 'content-type': 'application/json' } },
    (response) => text(response).then(answered.resolve, answered.reject),
  )
    .on('error', answered.reject)
    .end(body);
  return (JSON.parse(await answered.promise) as { response: ReviewResponse }).response;
}

function describe({ namespace, pod, title }: DemoReview, response: ReviewResponse): string {
  const { decision, reason, would } = response.auditAnnotations;
  const shown = would === undefined ? decision : `${decision} (would ${would})`;
  const name = `${pod.metadata?.name} (${title})`;
  const notes = [response.status?.message, ...(response.warnings ?? [])].filter((note) => note !== undefined);
  return [row(namespace, name, shown, reason, regionsOf(response)), ...notes.map((note) => `           ${note}`)].join(
    '\n',
  );
}

/** The best regions as the pod's own record tells them. */
function regionsOf({ patch }: ReviewResponse): string {
  if (patch === undefined) return '-';
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as { path: string; value: unknown }[];
  const operation = operations.find(({ path }) => path.startsWith('/metadata/annotations'));
  const record = typeof operation?.value === 'string' ? operation.value : '{}';
  const { best = [] } = JSON.parse(record) as { best?: readonly string[] };
  return best.join(', ');
}

function row(...columns: readonly string[]): string {
  const widths = [11, 42, 20, 15];
  return columns
    .map((column, index) => column.padEnd(widths[index] ?? 0))
    .join('')
    .trimEnd();
}

function curlLine(): string {
  const sample = JSON.stringify(toAdmissionReview(DEMO_REVIEWS[1] ?? { title: '', namespace: 'shop', pod: {} }));
  return `curl --cacert certs/ca.crt -H 'content-type: application/json' ${gridgate.webhook}/mutate -d '${sample}'`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
