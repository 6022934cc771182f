/** Where a secret is found at the moment it is used. The value itself never travels. */
export type SecretReference = { readonly env: string } | { readonly file: string };
