/** The environment of a program in a drill: the ways to the drill's servers, and what the configuration adds, which may name them: `POSTGRES_PASSWORD: "${PGPASSWORD}"`. Pure. */

const reference = /\$\{([A-Z][A-Z0-9_]{0,99})\}/g;

/** @param ways variables that lead to the servers; the configuration's own win over them. What names none of them stays as it is written */
export const drillEnvironment = (ways: Readonly<Record<string, string>>, configured: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  ({ ...ways, ...Object.fromEntries(Object.entries(configured).map(([name, value]) => [name, value.replace(reference, (text, of: string) => (Object.hasOwn(ways, of) ? ways[of] as string : text))])) });
