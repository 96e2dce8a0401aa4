{{/* Labels of every object. */}}
{{- define "gridgate.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: gridgate
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels that selectors know; takes the component. */}}
{{- define "gridgate.selector" -}}
app.kubernetes.io/name: gridgate
app.kubernetes.io/component: {{ . }}
{{- end }}

{{- define "gridgate.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if or .tag (not .digest) }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* The objects of a file that `npm run chart` made of the kustomize base, with the release's namespace and labels: a list under `objects`. */}}
{{- define "gridgate.objects" -}}
{{- $objects := list }}
{{- range regexSplit "(?m)^---$" (.root.Files.Get .file | required (printf "%s is missing in the chart" .file)) -1 }}
  {{- $object := replace "gridgate-system" $.root.Release.Namespace . | fromYaml }}
  {{- if hasKey $object "Error" }}{{ fail (printf "%s: %s" $.file $object.Error) }}{{ end }}
  {{- if $object }}
    {{- $labels := merge (include "gridgate.labels" $.root | fromYaml) ($object.metadata.labels | default dict) }}
    {{- $_ := set $object.metadata "labels" $labels }}
    {{- $objects = append $objects $object }}
  {{- end }}
{{- end }}
{{- toYaml (dict "objects" $objects) }}
{{- end }}

{{- define "gridgate.roles" -}}
{{ ternary "webhook,controllers" "webhook" (eq .Values.roles "single") }}
{{- end }}

{{/* Arguments of every command that judges pods. */}}
{{- define "gridgate.judgingArgs" -}}
{{- with .Values.regionLabel }}
- --region-label={{ . }}
{{- end }}
{{- if ne .Values.policySignal "average-lifecycle" }}
- --policy-signal={{ .Values.policySignal }}
{{- end }}
{{- with .Values.defaultRegion }}
- --default-region={{ . }}
{{- end }}
{{- end }}

{{/* Arguments of both Deployments. */}}
{{- define "gridgate.servingArgs" -}}
{{- include "gridgate.judgingArgs" . }}
{{- if ne .Values.logLevel "info" }}
- --log-level={{ .Values.logLevel }}
{{- end }}
{{- end }}

{{- define "gridgate.webhookArgs" -}}
{{- if .Values.strict }}
- --check-bindings
{{- end }}
{{- with .Values.webhook }}
{{- if ne (int .port) 8443 }}
- --port={{ .port }}
{{- end }}
{{- if ne (int .metricsPort) 9090 }}
- --metrics-port={{ .metricsPort }}
{{- end }}
{{- if .clientCaConfigMap }}
- --client-ca=/callers/ca.crt
{{- end }}
{{- end }}
{{- if ne .Values.certificates.mode "self" }}
- --cert-file=/tls/tls.crt
- --key-file=/tls/tls.key
{{- end }}
{{- end }}

{{/* Arguments where controllers run; the components' as in manifests/capacity. */}}
{{- define "gridgate.controllersArgs" -}}
{{- if ne .Values.certificates.mode "self" }}
- --manage-certificates=false
{{- end }}
{{- range include "gridgate.components" . | fromYamlArray }}
- --{{ .name }}={{ .mode }}
{{- end }}
{{- end }}

{{/* The components of manifests/capacity that are switched on. */}}
{{- define "gridgate.components" -}}
{{- range $key := list "carbonBudgets" "nodeOverlays" "nodePools" "priorityExpander" "regionalAutoscaler" }}
{{- with index $.Values.capacity $key }}
{{- if .enabled }}
- {name: {{ kebabcase $key }}, mode: {{ .mode | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "gridgate.podSecurityContext" -}}
runAsNonRoot: true
{{- if not .Values.openshift }}
runAsUser: 65532
runAsGroup: 65532
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "gridgate.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where pods run; takes `root` and `own`, whose settings count instead. */}}
{{- define "gridgate.scheduling" -}}
{{- $own := .own | default dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $own $key | default (index $.root.Values $key) }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A pod of one command that ends: `root`, `account`, `args`, `resources`, `component`. */}}
{{- define "gridgate.commandPod" -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: true
priorityClassName: system-cluster-critical
restartPolicy: Never
securityContext:
  {{- include "gridgate.podSecurityContext" .root | nindent 2 }}
{{- include "gridgate.scheduling" (dict "root" .root) }}
containers:
  - name: gridgate
    image: {{ include "gridgate.image" .root }}
    {{- with .root.Values.image.pullPolicy }}
    imagePullPolicy: {{ . }}
    {{- end }}
    args:
      {{- toYaml .args | nindent 6 }}
    env:
      - name: POD_NAMESPACE
        valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
    resources:
      {{- toYaml .root.Values.releaseOverdue.resources | nindent 6 }}
    securityContext:
      {{- include "gridgate.containerSecurityContext" .root | nindent 6 }}
{{- end }}

{{/* Annotations of a hook: `events`, `weight`. What it made goes with it, and what it said is printed. */}}
{{- define "gridgate.hook" -}}
helm.sh/hook: {{ .events }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}

{{/* What a hook's pod needs, as a part of the hook: `object`, `events`. Guards come before rights. */}}
{{- define "gridgate.hooked" -}}
{{- $weight := ternary "-6" "-5" (hasPrefix "Validating" .object.kind) }}
{{- $_ := set .object.metadata "annotations" (include "gridgate.hook" (dict "events" .events "weight" $weight) | fromYaml) }}
{{- toYaml .object }}
{{- end }}

{{/* The Job of a hook: `root`, `events`, `name` (of its account, too), `component`, `args`, `tries` after the first, `seconds`. */}}
{{- define "gridgate.hookJob" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  annotations:
    {{- include "gridgate.hook" (dict "events" .events "weight" "0") | nindent 4 }}
    helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
  labels:
    {{- include "gridgate.labels" .root | nindent 4 }}
    {{- include "gridgate.selector" .component | nindent 4 }}
spec:
  backoffLimit: {{ .tries }}
  activeDeadlineSeconds: {{ .seconds }}
  template:
    metadata:
      labels:
        {{- include "gridgate.selector" .component | nindent 8 }}
        {{- with .root.Values.commonLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "gridgate.commandPod" (dict "root" .root "account" .name "args" .args) | nindent 6 }}
{{- end }}

{{/* Ports that the sources of `config` are asked at, and those named beside them: a list. */}}
{{- define "gridgate.sourcePorts" -}}
{{- $ports := .Values.networkPolicy.egress.sourcePorts }}
{{- $config := .Values.config | default dict }}
{{- $energy := dig "budgets" "energy" "prometheus" dict $config }}
{{- $asked := concat ($config.sources | default list) (dig "outage" "sources" list $config) (ternary (list $energy) list (not (empty $energy))) }}
{{- range $asked }}
  {{- if not (has .type (list "file" "configmap" "nodes")) }}
    {{- $url := urlParse (.url | default .endpoint | default "https://default") }}
    {{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "80" "443" (eq (lower $url.scheme) "http")) }}
    {{- $ports = append $ports (int $port) }}
  {{- end }}
{{- end }}
{{- range $ports | uniq }}
- {{ int . }}
{{- end }}
{{- end }}
