/** What stands below the options in `gridgate COMMAND --help`: two ways to begin, and the exit codes that scripts ask for. */
export const AFTER_HELP = {
  serve: `
Stand-alone, to try it:
  gridgate serve --regions regions.yaml --namespaces namespaces.yaml --log-format pretty
With a cluster, from outside of it:
  gridgate serve --kubeconfig ~/.kube/config --config gridgate.yaml
In a cluster it needs no option. The status page is at http://HOST:9090/

Exit codes: 0 ended by a signal, 1 by a fault, 2 usage or configuration`,
  admit: `
What a pod would get, step by step, with the patch as a diff:
  gridgate admit -f pod.yaml --namespace shop --regions regions.yaml --namespaces namespaces.yaml
The same as data, with intensities from the configured sources:
  gridgate admit -f deployment.yaml --regions regions.yaml --namespaces namespaces.yaml --config gridgate.yaml --output json

Exit codes: 0 allowed, 1 denied, 2 usage or configuration`,
  explain: `
Where a pod runs, what was decided when it came, and what would be decided now:
  gridgate explain pod/web-7d4b9c-x2x9z -n shop
Why a Deployment gets no pods; kinds are written as for kubectl (deploy/web, deployments.apps/web, deployment web):
  gridgate explain deploy/web -n shop -o yaml

Exit codes: 0 fine, 1 it is, or would be, denied, 2 usage or configuration, 3 the cluster does not answer`,
  audit: `
Before anything is installed, in CI; exit code 1 when a workload would be denied, or is annotated wrongly:
  helm template shop ./chart | gridgate audit -f - --regions regions.yaml
What runs now, with a page to show around:
  gridgate audit --live --html audit.html

--live reads with your own rights: pods of all namespaces, or of the one of -n, or those that -l selects; an owner is judged by its
newest pod. -o name prints the workloads that exit code 1 is about, as kubectl takes them.
--report writes openreports.io/v1alpha1 Reports, else wgpolicyk8s.io/v1alpha2 PolicyReports; with neither it exits with 2.

Without Regions (--regions, or in the input) the yearly averages of the regions of the nodes, else of all known ones, stand in.
Files are read as kubectl reads them; what is no Kubernetes object (values of a chart, patches) is passed over and counted,
--strict makes it a mistake. Kinds that gridgate does not know are judged by their pod template, where they carry one.

Exit codes: 0 fine, 1 something is denied or asks for a region that nobody knows (whatever else went wrong in files),
2 usage or configuration, or a document that cannot be read, 3 the cluster does not answer`,
  test: `
All cases of the files named gridgate-test.yaml in this directory and below it:
  gridgate test
Those of one file whose name says outage, for CI:
  gridgate test policy/gridgate-test.yaml --filter outage -o junit

Of a case that fails it prints what was expected, what came, and how that was decided. Namespaces, Regions and manifests are read as by
admit, and decided about as by the webhook; the clock is the file's, and no source is asked. Nothing runs while a file has a mistake.
An example is in manifests/samples/policy-test; manifests/gridgate-test.schema.json has every key.

Exit codes: 0 all cases pass, 1 one does not, 2 a mistake in a file, no file, or no case`,
  regions: `
Regions come from --regions, else from the cluster that kubectl would ask; with neither, the yearly averages of all known
regions of public clouds are shown.
  gridgate regions
The same, and from then on each region whose figures change, until Ctrl-C:
  gridgate regions -w
  gridgate regions --regions regions.yaml --config gridgate.yaml --check
Without --config, --check takes the ConfigMap of the cluster: of sources that need a secret or a file, or name a url, it says what
their pods need, and asks none of them: no secret of yours goes where a cluster says.

Exit codes: 0 fine, 1 no usable region, or labels that do not fit (--check), 2 usage or configuration,
3 the cluster does not answer, or no source works (--check)`,
  check: `
Whether all of it works, as the API server sees it, after an install or when something seems wrong:
  gridgate check
In the namespace of one team, as data:
  gridgate check -n shop -o json
Right after an install, or in a Job of the cluster: done once nothing fails, or after two minutes at most:
  gridgate check --wait 2m
Whether a release works, whatever teams wrote and sources answer, as verify of the chart asks:
  gridgate check --wait 2m --installation-only

It changes nothing: a Namespace and a pod annotated gridgate.dev/check are created in dry runs, which gridgate answers with one
warning. It reads with your own rights, in a pod with those of its service account; what you may not see is said, and counts as not
known. manifests/check/rbac.yaml is all that it needs. Of Secrets it prints no value. With --wait a look that has begun is finished, and
an API server that does not answer is asked again.

Exit codes: 0 nothing failed, 1 something did, 2 usage or configuration, 3 the cluster does not answer`,
  outage: `
A region is down, whatever its sources say; new pods go elsewhere at once:
  gridgate outage set eu-west-1 --reason 'AZ power loss' --until 4h
Take that back; from then on the automatic sources count again:
  gridgate outage clear eu-west-1
Who calls which region down:
  gridgate outage list

Of the three, list alone takes -o and -w.

Set spec.outage.active to false only to overrule a source that is wrong: none can call the region down until that is cleared.

Exit codes: 0 fine, 2 usage or configuration, 3 the cluster does not answer, or refuses`,
  weights: `
  gridgate weights --lbs-per-mwh 'East US=1585' 'West US=865'
  gridgate weights --regions regions.yaml -o json
The Regions of the cluster that kubectl would ask:
  gridgate weights -o table

Exit codes: 0 fine, 1 no usable region, 2 usage or configuration`,
  preflight: `
Before nodes are upgraded, from the cluster itself:
  gridgate preflight --target-version 1.33 --compare staging-nodes.json
From a file, with a baseline of one's own:
  kubectl get nodes -o json | gridgate preflight -f - --baseline-watts 5200 --max-increase 10

Exit codes: 0 safe to upgrade, 1 idle power spike, 2 usage or configuration, 3 the cluster or Prometheus does not answer`,
  spillover: `
1 TB that moved from us-west-2 to eu-central-1 during an incident:
  gridgate spillover --region us-west-2 --to eu-central-1 --bytes 1e12 --regions regions.yaml
What CloudWatch counted, and where it should have gone within 120 ms:
  gridgate spillover --region us-west-2 --to eu-central-1 --start 2026-11-20T08:00:00Z --end 2026-11-20T14:00:00Z \\
    --cloudwatch --regions regions.yaml --max-latency 120ms

Exit codes: 0 fine, 2 usage or configuration, 3 the source of bytes does not answer`,
  overlays: `
How little 100 USD a tonne changes, and from which price of carbon the cheapest choice would be another:
  gridgate overlays --carbon-price 0.1 --instance-types types.json --regions regions.yaml --explain
The NodeOverlays themselves, for the nodes and NodePools of the cluster, with the NodeOverlays of yours that are there in them:
  gridgate overlays --carbon-price 0.1 --from-cluster | kubectl apply -f - \\
    --prune -l gridgate.dev/overlay=carbon --prune-allowlist=karpenter.sh/v1alpha1/NodeOverlay
With --prune those of an earlier time go that are not among these: they would win by their weight. It needs kubectl's own way of applying,
not --server-side, and leaves those alone that the controller keeps.

The price of carbon is one of a kilogram in the currency of the prices that Karpenter knows (USD of all its providers): 0.1 is 100 a tonne.
An instance emits the electricity of its vCPUs, memory and accelerators at the stated utilisation, with the PUE of its provider, and its
share of having been made. With --instance-types types and prices are those of the file, and a cluster is only asked, for the NodeOverlays
and NodePools in it, with --from-cluster as well, or where --kubeconfig names it.

Exit codes: 0 fine, 1 NodeOverlays of yours are in conflict, 2 usage or configuration, 3 the cluster does not answer`,
  budget: `
What each namespace emits, the dirtiest first, and how that stands to its gridgate.dev/carbon-budget:
  gridgate budget
The parts of an observability stack, by what Kepler or node_exporter measured:
  gridgate budget -n observability --by label:app --prometheus-url http://localhost:9090

kgCO2e/h is watts * PUE * g/kWh of the region of each pod's node; ~ marks an estimate, 9/12 PODS that of 12 pods 9 are in the figure,
stderr says why. SHARE is of all pods that you may see. TREND is the energy that Prometheus measured for its pods against an hour ago:
the grid may have changed as well. KNOWN BY: measured (each pod), node measured (shared by the CPU that its pods use, else
request), CPU used (metrics.k8s.io), requests. With --by label:KEY pods without the label are the row with a dash.

It reads with your own rights; pods of one namespace suffice (-n), and what else you may not see is said. Regions of pods are those of
nodes: who may not list those (a right in the whole cluster) sees no figure, and no budget is judged.

Exit codes: 0 fine, or nobody knows, 1 a budget is exceeded, whatever pods are grouped by, 2 usage or configuration, 3 the cluster or the Prometheus of --prometheus-url does not answer`,
  uninstall: `
What would go, step by step, and what would stay:
  gridgate uninstall --dry-run
Everything, with the Regions, namespaces' annotations and settings that people wrote, without being asked:
  gridgate uninstall --regions --policies --settings --yes
What the chart does before helm uninstall; by itself it prepares one:
  gridgate uninstall --before-helm --yes

Where Helm installed gridgate it refuses, and says which helm uninstall to run. With --before-helm webhooks go first, what waits is let
go, the controllers are deleted (helm upgrade makes them again) and what gridgate wrote is cleaned; what else Helm owns is left to it.
manifests/uninstall/rbac.yaml is all that this needs.

It takes the rights of who installed gridgate, and asks for all of them before it begins. One that was interrupted goes on when it
is run again. Pods that run keep the affinity, tolerations and PriorityClass that they were given: nobody can change those.

Exit codes: 0 it is gone, or was, 1 you said no, 2 usage or configuration, or nobody can be asked (--yes), 3 the cluster does not
answer, or something could not be removed`,
  simulate: `
A year of jobs that may wait 12 hours, in two regions:
  gridgate simulate --intensity us-east-1=pjm.csv --intensity us-west-1=ciso.csv --jobs jobs.csv --home us-east-1
How much of what waiting can save is found, each series by itself:
  gridgate simulate --every-hour --intensity pjm=pjm.csv,ciso=ciso.csv --length 4h --slack 12h -o json

Exit codes: 0 fine, 2 usage or a file that cannot be read`,
  wait: `
A nightly build of two hours, started at the cleanest moment of the next twelve:
  gridgate wait --region eu-west-1 --duration 2h --within 12h --config gridgate.yaml -- make nightly
When would that be, and why; done by six in the morning:
  gridgate wait --region eu-west-1 --duration 2h --deadline 2026-11-30T06:00:00Z --config gridgate.yaml --print

What is to come is told by the sources of --config (their forecast, and their past, of which a day is enough), else by
Region.status of the cluster that kubectl would ask. A source that fails, an answer that does not come, a file with mistakes:
the command starts at once, or as planned before, and stderr says why. It never starts later than --within and --deadline say.
Only the command writes to stdout. Without a command it waits, and ends with 0: gridgate wait ... && make nightly

Exit codes: the command's own; 128 and the signal's number where a signal ended it, or the wait; 127 no such command,
126 it cannot be started; 2 usage (nothing ran, but a command may end with 2, too). With --print: 0 fine, 2 usage or
configuration, 3 nobody who was asked knows what is to come`,
  waiting: `
What waits in your namespace, until when, and what that saves:
  gridgate waiting
Everywhere, and from then on what comes or changes, until Ctrl-C:
  gridgate waiting -A -w

UNTIL is when it starts as planned now, DEADLINE its latest start: when it starts whatever the grid is like, both UTC. (The
annotation gridgate.dev/deadline says when it must be done: the latest start is earlier by its length.) NOW and EXPECTED are gCO2e/kWh,
means over its run: had it started when it came, and as planned. A dash: nothing readable says so. gridgate release lets it go now.

Exit codes: 0 fine, 2 usage or configuration, 3 the cluster does not answer, or refuses`,
  release: `
One pod, or all of a Job, now; names as kubectl takes them:
  gridgate release train-x2x9z -n lab
  gridgate release job/train cronjob/nightly -n lab
  gridgate release job train --dry-run -n lab
All whose latest start has passed, in all namespaces: what a CronJob of the manifests runs every 5 minutes, in case no leader does:
  gridgate release --overdue
All that waits in a namespace:
  gridgate release --all -n lab --yes

A pod gets what the decision of the moment adds, with your own rights; where those do not reach, only its gate goes, and that is
said: list regions is the one it takes, and the ClusterRole gridgate-view has it. Where you may create Events, Released says on pod and
Job who let it go. Gates of others stay, and so do Jobs that somebody else suspended.

Exit codes: 0 fine, 1 you said no, 2 usage, or nothing of that name, 3 the cluster does not answer, or something could not go`,
  certs: `
A certificate for localhost and the Service's names, kept while it is valid:
  gridgate certs
In another directory:
  gridgate certs --cert-dir /tmp/certs`,
  completion: `
  gridgate completion bash > /etc/bash_completion.d/gridgate
  gridgate completion zsh > "\${fpath[1]}/_gridgate"
  gridgate completion fish > ~/.config/fish/completions/gridgate.fish`,
} as const;

const COMMAND = new RegExp(`\\bgridgate (?=(?:${Object.keys(AFTER_HELP).join('|')})\\b)`, 'g');

/** The text below a command's options, with the program's name as it was called. */
export function afterHelp(command: keyof typeof AFTER_HELP, program: string): string {
  return AFTER_HELP[command].replaceAll(COMMAND, `${program} `);
}
