/** Another test that runs what a page shows. */
export interface RunElsewhere {
  /** As the page shows it, in one line. */
  readonly command: string;
  /** Where it means so on this page alone. */
  readonly page?: string;
  readonly file: string;
  /** Of the test, or a part of it, as it stands in the file; or what tells a row of its table. */
  readonly title: string;
  /** What tells the command there, in the test or in a function that it names. */
  readonly words?: readonly string[];
}

const WAIT = 'test/questions/wait/wait.test.ts';
const PRINTED = 'test/questions/wait/print-plan.test.ts';
const QUESTIONS = 'src/questions/README.md';
const UPGRADING = 'manifests/upgrading.md';
const ROLLING = {
  page: UPGRADING,
  file: 'test/upgrade/rolling.e2e.ts',
  title: 'both Deployments roll at once',
} as const;
const ROLLOUT = { ...ROLLING, words: ["'rollout', 'status',", "'-n', 'gridgate-system'"] } as const;
const RELEASE = 'test/packaging/release.e2e.ts';

const CHART_INSTALLED = 'test/chart/install.e2e.ts';

/** Commands that pages show and that another test than `pages.e2e.ts` runs. */
export const RUN_ELSEWHERE: readonly RunElsewhere[] = [
  {
    command:
      'helm install gridgate manifests/chart -n gridgate-system --create-namespace --take-ownership --wait --set image.repository=registry.example.com/gridgate,namespace.create=true',
    file: CHART_INSTALLED,
    title: 'helm install --wait: its pods run, and a pod is steered',
    words: ["'install', 'gridgate', CHART, '--wait', '--create-namespace', '--take-ownership'"],
  },
  {
    command: 'kubectl apply -f manifests/samples/regions.yaml',
    page: 'manifests/chart/README.md',
    file: CHART_INSTALLED,
    title: 'helm install --wait: its pods run, and a pod is steered',
    words: ["'apply', '-f'", 'samples/regions.yaml'],
  },
  {
    command: 'helm test gridgate -n gridgate-system --logs',
    file: CHART_INSTALLED,
    title: 'helm test makes a dry run of admission',
    words: ["'test', 'gridgate', '--logs'"],
  },
  {
    command: 'kubectl annotate namespace shop gridgate.dev/mode=audit',
    page: 'manifests/chart/README.md',
    file: CHART_INSTALLED,
    title: 'helm install --wait: its pods run, and a pod is steered',
    words: ["'annotate', 'namespace', 'shop', 'gridgate.dev/mode=audit'"],
  },
  { command: 'make build', file: 'Makefile', title: 'e2e: build control-plane' },
  { command: 'make test', file: '.ci/run', title: 'suite test' },
  { command: 'make demo', file: '.ci/run', title: 'check demo' },
  { command: 'gridgate uninstall', file: 'test/commands/uninstall/asking.test.ts', title: 'takes no for an answer' },
  {
    command: 'gridgate admit -f pod.yaml -n shop',
    file: 'test/e2e/autoscalers.e2e.ts',
    title: 'explain, admit and audit say so',
  },
  {
    command: 'gridgate wait --region eu-west-1 --duration 2h --within 12h --config gridgate.yaml -- make nightly',
    file: WAIT,
    title: 'its words as they are, without a shell',
    words: ["'wait', '--region', 'eu-west-1', '--'"],
  },
  {
    command: 'gridgate wait --region eu-west-1 --duration 2h --within 12h --config gridgate.yaml --print',
    file: PRINTED,
    title: 'gridgate wait --print',
  },
  {
    command: 'gridgate wait --region eu-west-1 --duration 2h --within 12h --print',
    file: PRINTED,
    title: 'gridgate wait --print',
  },
  {
    command: 'gridgate audit --live --kubeconfig ~/.kube/config --report',
    file: 'test/questions/audit/live.e2e.ts',
    title: 'prefers openreports, one report for each namespace',
  },
  {
    command: 'gridgate preflight -f nodes.json --compare staging.json --regions regions.yaml',
    file: 'test/questions/preflight/preflight.test.ts',
    title: 'points out what staging lacks',
  },
  {
    command: 'gridgate budget --prometheus-url http://localhost:9090',
    file: 'test/questions/budget/budget.e2e.ts',
    title: 'takes what a real Prometheus has measured',
  },
  {
    command: 'gridgate budget -n observability --by label:app --prometheus-url http://localhost:9090',
    file: 'test/questions/budget/budget.e2e.ts',
    title: 'takes what a real Prometheus has measured',
  },
  {
    command: 'gridgate explain deploy/legacy -n shop --kubeconfig ~/.kube/config',
    file: 'test/e2e/explain.e2e.ts',
    title: 'a Deployment that is refused',
  },
  {
    command: 'gridgate explain pod web-694648697f-2wvl4 -n shop --kubeconfig ~/.kube/config',
    file: 'test/e2e/explain.e2e.ts',
    title: 'a Deployment and its pods, where they were placed',
  },
  { ...ROLLING, command: 'kubectl apply -k .', words: ["'apply', ...how, '-k', overlay(tag)"] },
  { ...ROLLOUT, command: 'kubectl rollout status -n gridgate-system deployment/gridgate-controllers' },
  { ...ROLLOUT, command: 'kubectl rollout status -n gridgate-system deployment/gridgate' },
  {
    command: 'gridgate check',
    page: UPGRADING,
    file: 'test/questions/check/check.e2e.ts',
    title: 'names the variable, and the key of the Secret',
  },
  {
    command: 'gridgate check',
    page: QUESTIONS,
    file: 'test/questions/check/check.e2e.ts',
    title: 'names the variable, and the key of the Secret',
  },
  {
    command: 'gridgate waiting -n lab',
    file: 'test/commands/release/release.e2e.ts',
    title: 'waiting lists pods by their owners',
  },
  {
    command: 'npx gridgate regions --regions R.yaml --config gridgate.yaml --check',
    file: 'test/commands/command-lines.ts',
    title: 'regions --regions @regions --config @dead-source --check',
  },
  {
    command: 'npx gridgate serve   --regions R.yaml --config gridgate.yaml --namespaces N.yaml',
    file: 'test/replica/relative-bands.test.ts',
    title: 'relative bands',
    words: ["serveWorld(t, ['--regions', regions, '--config', config]"],
  },
  {
    command: 'gridgate check',
    page: 'README.md',
    file: 'test/questions/check/check.e2e.ts',
    title: 'all works before anybody opted in',
  },
  {
    command: 'gridgate check',
    page: 'src/controllers/node-pools/README.md',
    file: 'test/questions/check/judge-held-pools.test.ts',
    title: 'each with the command that puts it back where',
    words: [
      'failed NodePools: batch has spec.limits.cpu as gridgate wrote it, and nobody puts back what its owner had',
    ],
  },
  {
    command: 'npm version minor',
    file: RELEASE,
    title: 'is one command: every version, the changelog, the commit and its tag',
    words: ["'npm', 'version'"],
  },
  {
    command:
      'npm run release -- --source https://git.example.com/gridgate --downloads https://downloads.example.com/gridgate/v0.2.0',
    file: RELEASE,
    title: 'has the same bytes wherever it is built',
    words: ["'release', '--', '--source'", "'--downloads'"],
  },
  {
    command: 'sha256sum --check --strict SHA256SUMS',
    file: RELEASE,
    title: 'is verified by its checksums',
    words: ["'--check', '--strict', 'SHA256SUMS'"],
  },
  {
    command: 'npm install --global --offline ./gridgate-0.2.0.tgz',
    file: RELEASE,
    title: 'is installed by npm without a network, and nothing comes along',
    words: ["'install', '--global', '--offline'"],
  },
];

/** Why commands may be left unrun, as pages say it. */
export const NOT_RUN: readonly string[] = ['no container runtime', 'no way to the internet'];
