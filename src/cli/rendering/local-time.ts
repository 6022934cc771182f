/** Instants as people on this machine read them. Everything stored is UTC; the zone comes in only here. Pure. */

interface Parts { readonly weekday: string; readonly day: string; readonly month: string; readonly year: string; readonly hour: string; readonly minute: string; readonly second: string; readonly zone: string }

function partsOf(instant: string, timeZone: string): Parts {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const found = new Map(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => found.get(type) ?? '';
  return { weekday: part('weekday'), day: part('day'), month: part('month'), year: part('year'), hour: part('hour'), minute: part('minute'), second: part('second'), zone: zoneOf(new Date(instant), timeZone) };
}

/** `CET`, `EST`, `AEDT`: each English knows the names of its own zones and counts the others from GMT. */
function zoneOf(date: Date, timeZone: string): string {
  const names = ['en-GB', 'en-US', 'en-AU'].map((locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? '');
  return names.find((name) => !/^GMT./.test(name)) ?? names[0] ?? '';
}

/** `Mon 23 Nov 02:00` */
export function localTime(instant: string, timeZone: string): string {
  const { weekday, day, month, hour, minute } = partsOf(instant, timeZone);
  return `${weekday} ${day.padStart(2)} ${month} ${hour}:${minute}`;
}

/** `02:00:03 CET (01:00:03 UTC)`, with the day before it where it is not today's. */
export function localAndUtc(instant: string, timeZone: string, now: string): string {
  const { hour, minute, second, zone } = partsOf(instant, timeZone);
  const day = dayOf(instant, timeZone) === dayOf(now, timeZone) ? '' : `${dayOf(instant, timeZone)} `;
  return `${day}${hour}:${minute}:${second} ${zone}${zone === 'UTC' ? '' : ` (${new Date(instant).toISOString().slice(11, 19)} UTC)`}`;
}

/** The same to the millisecond, for moments that are asked for: `02:47:05.112 CET (01:47:05.112 UTC)`. */
export function momentAndUtc(instant: string, timeZone: string, now: string): string {
  const millis = new Date(instant).toISOString().slice(19, 23);
  return millis === '.000' ? localAndUtc(instant, timeZone, now) : localAndUtc(instant, timeZone, now).replace(/(\d{2}:\d{2}:\d{2})( )/g, `$1${millis}$2`);
}

/** `02:00:03 CET` */
export function clockTime(instant: string, timeZone: string): string {
  const { hour, minute, second, zone } = partsOf(instant, timeZone);
  return `${hour}:${minute}:${second} ${zone}`;
}

/** A text of a run, which knows no zone but UTC, with its instants as people here read them. */
export const withLocalTimes = (text: string, timeZone: string, now: string): string =>
  text.replace(/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, (instant) => localAndUtc(instant, timeZone, now));

/** `02:03` on the same day as `beside`, else `24 Nov 02:03`. */
export function shortTime(instant: string, timeZone: string, beside: string): string {
  const { day, month, hour, minute } = partsOf(instant, timeZone);
  return dayOf(instant, timeZone) === dayOf(beside, timeZone) ? `${hour}:${minute}` : `${day} ${month} ${hour}:${minute}`;
}

/** `CET`: what the zone is called at that instant. */
export const zoneName = (instant: string, timeZone: string): string => partsOf(instant, timeZone).zone;

function dayOf(instant: string, timeZone: string): string {
  const { weekday, day, month } = partsOf(instant, timeZone);
  return `${weekday} ${day} ${month}`;
}

/** The zone of this machine, or what TZ says. */
export const systemTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
