/** What stands below the options in `gridgate COMMAND --help`: how to begin, and the exit codes that scripts ask for. */
export const AFTER_HELP = {
  serve: `
Stand-alone, to try it:
  gridgate serve --regions regions.yaml --namespaces namespaces.yaml
With a cluster, from outside of it:
  gridgate serve --kubeconfig ~/.kube/config --config gridgate.yaml
In a cluster it needs no option. The status page is at http://HOST:9090/

Exit codes: 0 ended by a signal, 1 by a fault, 2 usage or configuration`,
  admit: `
Exit codes: 0 allowed, 1 denied, 2 usage or configuration`,
  regions: `
Regions come from --regions, from the cluster of --kubeconfig, or in a cluster from that one.
  gridgate regions --kubeconfig ~/.kube/config
  gridgate regions --regions regions.yaml --config gridgate.yaml --check

Exit codes: 0 fine, 1 no usable region, or labels that do not fit (--check), 2 usage or configuration,
3 the cluster does not answer, or no source works (--check)`,
  weights: `
  gridgate weights --lbs-per-mwh 'East US=1585' 'West US=865'

Exit codes: 0 fine, 1 no usable region, 2 usage or configuration`,
  certs: '',
} as const;
