import type { Option } from './option.ts';
import { OPTIONS, type OptionKey } from './options.ts';

/** What `--help`, `completion` and messages say of an option. */
export interface OptionWords {
  readonly help: string;
  /** What happens without it; `undefined` where nothing does. */
  readonly fallback: string | undefined;
}

type Said = Partial<{ readonly help: string; readonly default: string }>;

const { defaultText: KUBECTLS } = OPTIONS.kubeconfig;
const BESIDE_FILES = `${KUBECTLS}; beside files none`;
const REGION_FILE = 'file of Region resources, YAML or JSON';
const IN_SYSTEM = 'gridgate-kill-switch in gridgate-system';
const CONTEXTS_NAMESPACE = "that of the kubeconfig's context, else default";
const AVERAGES = 'the yearly averages of all regions of public clouds that are known';

/** What is said of an option in one command and is not so in others; all else stands in `OPTIONS`. */
const IN_COMMAND: Readonly<Record<string, Partial<Record<OptionKey, Said>>>> = {
  serve: {
    config: { help: `${OPTIONS.config.help}; its changes are followed` },
    kubeconfig: { default: 'none; in a pod its service account, unless there are files' },
    output: { help: 'how --print-config prints: json, yaml', default: 'yaml' },
  },
  admit: {
    regions: { help: REGION_FILE, default: AVERAGES },
    namespaces: {
      help: 'file of Namespaces, whose annotations are the policy (and Nodes, NodePools, PriorityClasses), YAML or JSON, instead of a cluster',
    },
    kubeconfig: { default: BESIDE_FILES },
    killSwitch: { default: IN_SYSTEM },
  },
  explain: {
    kubeconfig: { default: `${KUBECTLS}; beside --regions none` },
    killSwitch: { default: IN_SYSTEM },
  },
  audit: {
    kubeconfig: { default: BESIDE_FILES },
    killSwitch: { default: IN_SYSTEM },
    selector: { help: 'with --live: only pods with labels such as app=web,tier!=cache' },
  },
  regions: {
    kubeconfig: { default: BESIDE_FILES },
  },
  weights: {
    kubeconfig: { default: `${BESIDE_FILES}, nor beside --lbs-per-mwh` },
    output: { default: 'yaml' },
  },
  preflight: {
    selector: { help: 'in a cluster: only nodes with labels such as pool=web,arch!=arm64' },
    kubeconfig: { default: BESIDE_FILES },
    prometheusUrl: { help: 'Prometheus that measured the watts of nodes' },
    prometheusQuery: { help: 'what to ask it: watts by node', default: 'node_exporter power supply, then Kepler' },
  },
  spillover: {
    kubeconfig: { default: 'none; in a pod its service account, unless --regions is given' },
    prometheusUrl: { help: 'Prometheus that measured the bytes' },
    prometheusQuery: { help: 'what to ask it: bytes per second', default: 'node_exporter bytes sent' },
  },
  overlays: {
    regions: { help: REGION_FILE, default: 'those of the cluster that is asked, else yearly averages' },
    config: { help: 'gridgate.yaml: what options leave out, from its section overlays:, and sources of intensities' },
    kubeconfig: { default: `${KUBECTLS}; without --from-cluster none` },
    powerTable: { help: 'own power figures, YAML or JSON: watts of vCPU and memory, PUE' },
  },
  budget: {
    explainNamespace: { help: 'list only what is in this namespace', default: 'all namespaces' },
    allNamespaces: { help: 'list all namespaces, whatever -n says, as is done without -n, too' },
    prometheusUrl: {
      help: 'Prometheus that measured what pods or nodes draw',
      default: 'budgets.energy of --config, else an estimate of what pods use, as metrics.k8s.io tells',
    },
    prometheusQuery: {
      help: 'what to ask it: watts by pod or by node, such as sum by (namespace, pod) (rate(my_joules_total[5m]))',
      default: 'what Kepler, else RAPL of node_exporter tells',
    },
    config: { help: 'gridgate.yaml: its section budgets.energy, and sources of intensities' },
    regions: { help: REGION_FILE, default: 'those of the cluster, else yearly averages' },
    powerTable: { help: 'own power figures, YAML or JSON: watts of vCPU and memory, PUE' },
  },
  waiting: {
    explainNamespace: { help: 'namespace to look into', default: CONTEXTS_NAMESPACE },
    allNamespaces: { help: 'look into all namespaces, whatever -n says' },
    selector: { help: 'only pods and Jobs with labels such as app=train,tier!=cache' },
  },
  release: {
    explainNamespace: { help: 'namespace of what is to go', default: `${CONTEXTS_NAMESPACE}; all with --overdue` },
    allNamespaces: { help: 'with --all or --overdue: all namespaces, whatever -n says' },
    selector: { help: 'with --all or --overdue: only pods and Jobs with labels such as app=train,tier!=cache' },
    dryRun: { help: 'only say what would go, and what would be refused' },
    systemNamespace: { help: 'where the gridgate.yaml and the kill switch of the cluster are' },
    killSwitch: { default: IN_SYSTEM },
  },
  certs: { certDir: { help: 'where the development certificate is kept' } },
};

/** What is said of an option in a command. */
export function wordsOf(command: string, key: OptionKey): OptionWords {
  const { help, defaultText, default: value }: Option<unknown> = OPTIONS[key];
  const said = IN_COMMAND[command]?.[key];
  const fallback = defaultText ?? (value === undefined ? undefined : String(value));
  return { help: said?.help ?? help, fallback: said?.default ?? fallback };
}
