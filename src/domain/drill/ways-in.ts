/** The variables that lead a program of a drill to its servers: each by its component's name on the drill's network. Pure. */
import type { Component, PostgresComponent } from '../service.ts';

const [postgresPort, redisPort] = ['5432', '6379'];
const prefixOf = (name: string): string => `HOLDFAST_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

/** @param password of the drill alone */
export function postgresWays({ name, user, database }: Pick<PostgresComponent, 'name' | 'user' | 'database'>, password: string): Readonly<Record<string, string>> {
  const url = `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${name}:${postgresPort}/${encodeURIComponent(database)}`;
  const prefix = prefixOf(name);
  return {
    [`${prefix}_HOST`]: name, [`${prefix}_PORT`]: postgresPort, [`${prefix}_DATABASE`]: database, [`${prefix}_USER`]: user, [`${prefix}_PASSWORD`]: password,
    DATABASE_URL: url, PGHOST: name, PGPORT: postgresPort, PGDATABASE: database, PGUSER: user, PGPASSWORD: password,
  };
}

/** Nobody is asked for a password there. */
export const redisWays = (name: string): Readonly<Record<string, string>> =>
  ({ [`${prefixOf(name)}_HOST`]: name, [`${prefixOf(name)}_PORT`]: redisPort, REDIS_URL: `redis://${name}:${redisPort}` });

/** Of all of them, before there is a password: for whoever asks which variables there will be. */
export const waysTo = (components: readonly Component[]): Readonly<Record<string, string>> =>
  Object.assign({}, ...components.map((component) => (component.engine === 'postgres' ? postgresWays(component, 'password') : redisWays(component.name)))) as Record<string, string>;
