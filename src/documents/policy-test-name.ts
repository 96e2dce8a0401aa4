/** The names of files that hold cases for `gridgate test`, and no Kubernetes objects. */
export const POLICY_TEST_NAME = /^gridgate-test\.ya?ml$/;
