/** Variables in the values of a compose file. They are the drill's, which lead to its servers, and no others: what the worker has in its environment may be production's. Pure. */

/** In this order: `$$`, `$NAME`, `${NAME}` with or without a default, and a dollar that begins none of them. */
const reference = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?-)([^{}$]*))?\})?/g;

export const interpolationAllowed = 'allowed are $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, and $$ for a dollar';

export type Interpolated = { readonly text: string } | { readonly problem: string };

/** The text with its variables, or which of them is none; what it says otherwise is not repeated. */
export function interpolate(text: string, variables: Readonly<Record<string, string>>): Interpolated {
  const problems: string[] = [];
  const filled = text.replace(reference, (whole, dollar?: string, plain?: string, braced?: string, operator?: string, otherwise?: string) => {
    if (dollar !== undefined) return '$';
    const name = plain ?? braced;
    if (name === undefined) problems.push(`a reference is not understood; ${interpolationAllowed}`);
    else if (Object.hasOwn(variables, name) && (operator !== ':-' || variables[name] !== '')) return variables[name] as string;
    else if (otherwise !== undefined) return otherwise;
    // A password with a dollar in it looks like a variable, and is not repeated.
    else if (plain !== undefined) problems.push('a variable has no value: a drill reads no environment but its own; give it a default, ${NAME:-…}, or write $$ for a dollar');
    else problems.push(`\${${name}} has no value: a drill reads no environment but its own; give it a default, \${${name}:-…}`);
    return whole;
  });
  const [problem] = problems;
  return problem === undefined ? { text: filled } : { problem };
}
