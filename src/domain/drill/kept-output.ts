/** What is kept of what somebody else's program wrote: its end, in lines, without the secrets that are known and without anything but text. Pure. */

export const outputLimitBytes = 64 * 1024;

/** Control characters but line feed and tab, the escape sequences that begin with one, and what turns the direction of reading. */
const noText = /\u001b\[[0-?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const redacted = '[redacted]';
/** In a URL the part between user and host is one, whoever's it is. */
const inUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi;

/** @param secrets values that must not be repeated; short ones are left, for they are words of any text */
export function keptOutput(text: string, secrets: readonly string[]): string {
  // First what is no text: between the halves of a secret, a colour would hide it here and from nobody who reads what is kept.
  const plain = plainText(text);
  const forms = secrets.filter((secret) => secret.length >= 6).flatMap((secret) => [plainText(secret), encodeURIComponent(secret)]);
  const withoutSecrets = forms.reduce((all, secret) => all.replaceAll(secret, redacted), plain);
  return withoutSecrets.replace(inUrl, `$1${redacted}`).slice(-outputLimitBytes);
}

const plainText = (text: string): string => text.replace(/\r\n/g, '\n').replace(noText, '');
