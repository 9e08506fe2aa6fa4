import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { readConfiguration } from '../../server/configuration.ts';
import { Origins } from '../../server/http/origins.ts';

const read = (environment: Record<string, string>, hostName = 'zebra') =>
  readConfiguration(environment, hostName, '/srv/app');

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('tells a definitions file that is not there with all other faults', () => {
    const environment = { PORT: 'x', COLLECTIONS: 'shop.ts' };
    const read = (there: string) => () => readConfiguration(environment, 'zebra', '/srv', (path) => path === there);
    expect(read('/srv/collections.ts')).toThrow(
      expect.objectContaining({
        faults: [expect.stringMatching(/^PORT: /), expect.stringMatching(/^COLLECTIONS: .*\/srv\/shop\.ts/)],
      }),
    );
    expect(read('/srv/shop.ts')).toThrow(expect.objectContaining({ faults: [expect.stringMatching(/^PORT: /)] }));
  });

  it('has a default for everything', () => {
    expect(read({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      dataFolder: '/srv/app/data',
      redisUrl: undefined,
      namespace: 'tideline',
      replicaName: 'zebra',
      definitionsFile: '/srv/app/collections.ts',
      corsOrigins: Origins.parse(''),
      publicUrl: undefined,
      trustedHops: 0,
      maximumUploadBytes: limits.uploadBytes,
      logLevel: 'info',
    });
  });

  it('takes what is given', () => {
    expect(
      read({
        PORT: '0',
        HOST: '::1',
        DATA_DIR: '/var/lib/tideline',
        REDIS_URL: 'rediss://user:secret@redis.example.org:6380/2',
        NAMESPACE: 'staging',
        REPLICA_ID: 'left.1',
        COLLECTIONS: 'shop/collections.js',
        CORS_ORIGINS: 'https://app.example.org, http://localhost:5173/',
        PUBLIC_URL: 'https://api.example.org/tideline/',
        TRUST_PROXY: '2',
        MAX_UPLOAD_BYTES: '1000',
        LOG_LEVEL: 'DEBUG',
      }),
    ).toEqual({
      port: 0,
      host: '::1',
      dataFolder: '/var/lib/tideline',
      redisUrl: 'rediss://user:secret@redis.example.org:6380/2',
      namespace: 'staging',
      replicaName: 'left.1',
      definitionsFile: '/srv/app/shop/collections.js',
      corsOrigins: Origins.parse('https://app.example.org,http://localhost:5173'),
      publicUrl: new URL('https://api.example.org/tideline/'),
      trustedHops: 2,
      maximumUploadBytes: 1000,
      logLevel: 'debug',
    });
  });

  it('names the replica after the host, with what does not fit replaced', () => {
    expect(read({}, "Ada's Mac (2).local").replicaName).toBe('Ada-s-Mac--2-.local');
    expect(read({}, 'x'.repeat(100)).replicaName).toHaveLength(64);
    expect(read({}, '').replicaName).toBe('replica');
  });

  it('takes an empty DATA_DIR as no disk, but only with a site', () => {
    expect(read({ DATA_DIR: '', REDIS_URL: 'redis://127.0.0.1:6379' }).dataFolder).toBeUndefined();
    expect(faultsOf({ DATA_DIR: '' })).toEqual([expect.stringMatching(/^DATA_DIR: .*REDIS_URL/)]);
  });

  it('lists all faults at once, by the names of their variables', () => {
    const faults = faultsOf({
      PORT: '70000',
      HOST: 'a b',
      DATA_DIR: '',
      NAMESPACE: 'a{b}',
      REPLICA_ID: 'no spaces',
      CORS_ORIGINS: '*',
      MAX_UPLOAD_BYTES: '-1',
      LOG_LEVEL: 'loud',
    });
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual(
      ['CORS_ORIGINS', 'DATA_DIR', 'HOST', 'LOG_LEVEL', 'MAX_UPLOAD_BYTES', 'NAMESPACE', 'PORT', 'REPLICA_ID'].sort(),
    );
  });

  it.each(['rediss+sentinel://tide@one,two:26380/1?password=secret', 'redis+cluster://user:secret@one:7000,two:7000'])(
    'takes %j as a REDIS_URL',
    (url) => {
      expect(read({ REDIS_URL: url }).redisUrl).toBe(url);
    },
  );

  it.each(['127.0.0.1:6379', 'http://127.0.0.1', 'redis://', 'redis', 'redis+sentinel://one', 'redis+cluster://one/3'])(
    'refuses %j as a REDIS_URL',
    (url) => {
      expect(faultsOf({ REDIS_URL: url })).toEqual([expect.stringContaining('REDIS_URL')]);
    },
  );

  it.each(['https://a.example/path', 'a.example', 'https://*.example', 'https://u:p@a.example'])(
    'refuses %j as an origin',
    (origin) => {
      expect(faultsOf({ CORS_ORIGINS: origin })).toEqual([expect.stringContaining('CORS_ORIGINS')]);
    },
  );

  it.each(['api.example.org', 'ws://api.example.org', 'https://u:p@api.example.org', 'https://api.example.org?a=1'])(
    'refuses %j as the public URL',
    (url) => {
      expect(faultsOf({ PUBLIC_URL: url })).toEqual([expect.stringMatching(/^PUBLIC_URL: .*https:/)]);
    },
  );

  it('never shows a password in a fault', () => {
    for (const url of ['redis//user:secret@host', 'redis://user:secret@host:x', 'redis+sentinel://user:secret@host']) {
      expect(faultsOf({ REDIS_URL: url }).join()).not.toContain('secret');
    }
  });
});
