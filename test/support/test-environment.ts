/** What the test run was given. A missing environment is a failure, never a skip. */
const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run the tests by "npm test", or "npm run devbox -- up" and export what it prints`);
  return value;
};

export const dockerHost = (): string => required('HOLDFAST_TEST_DOCKER_HOST');
export const temporalAddress = (): string => required('HOLDFAST_TEST_TEMPORAL_ADDRESS');

/** Everything a test creates carries this label, so that what is left can be found. */
export const testLabel = 'dev.holdfast.test';
