{{/* A Deployment of gridgate: `root`, `name`, `component`, `roles`, `args`, `own` (its values), `extras` (values whose extra* count). */}}
{{- define "gridgate.deployment" -}}
{{- $values := .root.Values }}
{{- $serves := contains "webhook" .roles }}
{{- $controls := contains "controllers" .roles }}
{{- $isOnNode := and $serves $values.webhook.hostNetwork }}
{{- $hasFiles := and $serves (ne $values.certificates.mode "self") }}
{{- $callers := and $serves $values.webhook.clientCaConfigMap }}
{{- $extra := dict }}
{{- range $key := list "extraArgs" "extraEnv" "extraVolumes" "extraVolumeMounts" }}
  {{- $all := list }}
  {{- range $.extras }}{{ $all = concat $all (index . $key) }}{{ end }}
  {{- $_ := set $extra $key $all }}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "gridgate.labels" .root | nindent 4 }}
    {{- include "gridgate.selector" .component | nindent 4 }}
    {{- if $controls }}
    gridgate.dev/runs: controllers
    {{- end }}
spec:
  replicas: {{ .own.replicas }}
  selector:
    matchLabels:
      {{- include "gridgate.selector" .component | nindent 6 }}
  strategy:
    rollingUpdate:
      {{- /* Two pods with the same port of a node: there may be no other node to start the next one on. */}}
      maxSurge: {{ ternary 0 1 $isOnNode }}
      maxUnavailable: {{ ternary 1 0 $isOnNode }}
  template:
    metadata:
      {{- with .own.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      labels:
        {{- include "gridgate.selector" .component | nindent 8 }}
        {{- with merge (dict) .own.podLabels $values.commonLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ ternary "gridgate-controllers" "gridgate" $controls }}
      automountServiceAccountToken: true
      {{- with .own.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      terminationGracePeriodSeconds: 30 # longer than the shutdown delay (10 s) and the last requests after it
      {{- if $isOnNode }}
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      {{- end }}
      securityContext:
        {{- include "gridgate.podSecurityContext" .root | nindent 8 }}
        {{- if not $values.openshift }}
        fsGroup: 65532
        {{- end }}
      {{- include "gridgate.scheduling" (dict "root" .root "own" .own) | nindent 6 }}
      {{- if kindIs "slice" .own.topologySpreadConstraints }}
      {{- with .own.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- else }}
      # ScheduleAnyway: on a cluster of one zone or one node, two replicas there are better than one.
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "gridgate.selector" $.component | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      {{- end }}
      containers:
        - name: gridgate
          image: {{ include "gridgate.image" .root }}
          {{- with $values.image.pullPolicy }}
          imagePullPolicy: {{ . }}
          {{- end }}
          args:
            - serve
            - --roles={{ .roles }}
            - --config=/etc/gridgate/gridgate.yaml
            {{- .args | trim | nindent 12 }}
            {{- with $extra.extraArgs }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          env:
            - name: POD_NAME
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
            - name: POD_NAMESPACE
              valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
            {{- with $extra.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            {{- if $serves }}
            - name: https
              containerPort: {{ $values.webhook.port }}
            {{- end }}
            - name: metrics
              containerPort: {{ ternary $values.webhook.metricsPort 9090 $serves }}
          readinessProbe:
            httpGet:
              path: /readyz
              port: metrics
            periodSeconds: 2
          livenessProbe:
            httpGet:
              path: /healthz
              port: metrics
            periodSeconds: 10
            timeoutSeconds: 5
          resources:
            {{- toYaml .own.resources | nindent 12 }}
          securityContext:
            {{- include "gridgate.containerSecurityContext" .root | nindent 12 }}
          volumeMounts:
            - name: config
              mountPath: /etc/gridgate
              readOnly: true
            {{- if $controls }}
            - name: sources
              mountPath: /sources
              readOnly: true
            {{- end }}
            {{- if $hasFiles }}
            - name: tls
              mountPath: /tls
              readOnly: true
            {{- end }}
            {{- if $callers }}
            - name: callers
              mountPath: /callers
              readOnly: true
            {{- end }}
            {{- with $extra.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: config
          configMap:
            name: gridgate # a change is picked up without a restart
            optional: true
        {{- if $controls }}
        - name: sources
          secret:
            secretName: {{ $values.sources.existingSecret }} # tokens of intensity sources, one a key
            optional: true
            defaultMode: 0440 # readable through fsGroup only
        {{- end }}
        {{- if $hasFiles }}
        - name: tls
          secret:
            secretName: {{ $values.certificates.secretName }}
            defaultMode: 0440
        {{- end }}
        {{- if $callers }}
        - name: callers
          configMap:
            name: {{ $values.webhook.clientCaConfigMap }}
        {{- end }}
        {{- with $extra.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}
