/**
 * SQL that an assertion may ask: one statement that reads. Whether it really only reads is the server's to enforce (a role that may do nothing else, in a
 * transaction that is read only); this says early, and in the configuration's own words, what would be refused there. Pure.
 */

export const longestSql = 4_000;

/** Why this statement may not be asked, or null. */
export function sqlQuestionProblem(sql: string): string | null {
  if (sql.length > longestSql) return `it has ${sql.length} characters, and may have ${longestSql}`;
  if (sql.includes('\0')) return 'it holds a NUL';
  const bare = withoutQuotes(sql);
  if (bare === null) return 'a quote or comment in it has no end';
  const statement = bare.replace(/;\s*$/, '').trim();
  if (statement.includes(';')) return 'it is more than one statement';
  // psql would take these for itself: a command of its own, or a variable.
  if (statement.includes('\\')) return 'a backslash stands outside of quotes';
  if (!/^(select|with|table|values|show)\b/i.test(statement.replace(/^[\s(]+/, ''))) return 'it begins with none of SELECT, WITH, TABLE, VALUES and SHOW';
  return null;
}

const opening = /'|"|--|\/\*|\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;

/** The statement with what is quoted, and its comments, taken out; null where one of them does not end. */
function withoutQuotes(sql: string): string | null {
  let bare = '';
  for (let at = 0; at < sql.length;) {
    opening.lastIndex = at;
    const [mark] = opening.exec(sql) ?? [];
    // A dollar within a name (`a$b$c`) opens nothing.
    if (mark === undefined || (mark.startsWith('$') && /[A-Za-z0-9_$\u0080-\uffff]/.test(sql.charAt(at - 1)))) {
      bare += sql.charAt(at);
      at += 1;
      continue;
    }
    const end = mark === '/*' ? endOfComment(sql, at) : endOfQuote(sql, at, mark);
    if (end === null) return null;
    bare += ' ';
    at = end;
  }
  return bare;
}

function endOfQuote(sql: string, at: number, mark: string): number | null {
  if (mark === '--') {
    const line = sql.indexOf('\n', at);
    return line === -1 ? sql.length : line;
  }
  // E'…' is the one quote in which a backslash hides the next character.
  const escapes = mark === '\'' && /[eE]/.test(sql.charAt(at - 1)) && !/[A-Za-z0-9_$]/.test(sql.charAt(at - 2));
  for (let place = at + mark.length; place < sql.length; place += 1) {
    if (escapes && sql[place] === '\\') place += 1;
    else if (sql.startsWith(mark, place)) return place + mark.length;
  }
  return null;
}

/** Comments of this kind stand in each other. */
function endOfComment(sql: string, at: number): number | null {
  let depth = 0;
  for (let place = at; place < sql.length - 1; place += 1) {
    const pair = sql.slice(place, place + 2);
    if (pair === '/*') depth += 1;
    else if (pair === '*/') depth -= 1;
    else continue;
    place += 1;
    if (depth === 0) return place + 1;
  }
  return null;
}
