import { describe, expect, it } from 'vitest';
import { describeAddress, parseRedisUrl } from '../../../../replica/redis/connection/address.ts';

const nobody = { username: undefined, password: undefined };

describe('the URL of a Redis', () => {
  it('names one server', () => {
    expect(parseRedisUrl('redis://redis.example.org')).toEqual({
      kind: 'SERVER',
      hosts: [{ host: 'redis.example.org', port: 6379 }],
      credentials: nobody,
      database: 0,
      tls: false,
    });
    expect(parseRedisUrl('rediss://tide:top%25%40secret@[::1]:6380/3')).toEqual({
      kind: 'SERVER',
      hosts: [{ host: '::1', port: 6380 }],
      credentials: { username: 'tide', password: 'top%@secret' },
      database: 3,
      tls: true,
    });
    expect(parseRedisUrl('redis://:secret@127.0.0.1/')).toMatchObject({
      credentials: { username: undefined, password: 'secret' },
      database: 0,
    });
  });

  it('names sentinels and the master that they watch', () => {
    expect(parseRedisUrl('redis+sentinel://tide@one,two:26380')).toEqual({
      kind: 'SENTINEL',
      masterName: 'tide',
      hosts: [
        { host: 'one', port: 26379 },
        { host: 'two', port: 26380 },
      ],
      credentials: nobody,
      sentinelCredentials: nobody,
      database: 0,
      tls: false,
    });
    expect(
      parseRedisUrl('rediss+sentinel://tide@one/2?user=u&password=p%20q&sentinelUser=su&sentinelPassword=sp'),
    ).toMatchObject({
      credentials: { username: 'u', password: 'p q' },
      sentinelCredentials: { username: 'su', password: 'sp' },
      database: 2,
      tls: true,
    });
  });

  it('names a Unix socket', () => {
    expect(parseRedisUrl('redis+unix:///run/redis/my%20redis.sock')).toEqual({
      kind: 'SOCKET',
      hosts: [],
      path: '/run/redis/my redis.sock',
      credentials: nobody,
      database: 0,
      tls: false,
    });
    expect(parseRedisUrl('redis+unix://u:p@/run/redis.sock?db=3')).toMatchObject({
      credentials: { username: 'u', password: 'p' },
      database: 3,
    });
    for (const url of ['redis+unix://host/run/redis.sock', 'redis+unix:///run/redis.sock?database=3', 'redis+unix://'])
      expect(() => parseRedisUrl(url)).toThrow();
  });

  it('names nodes of a cluster', () => {
    expect(parseRedisUrl('redis+cluster://u:p@one:7000, two:7001')).toEqual({
      kind: 'CLUSTER',
      hosts: [
        { host: 'one', port: 7000 },
        { host: 'two', port: 7001 },
      ],
      credentials: { username: 'u', password: 'p' },
      database: 0,
      tls: false,
    });
    expect(parseRedisUrl('rediss+cluster://one/0')).toMatchObject({ kind: 'CLUSTER', tls: true, database: 0 });
  });

  it.each([
    ['', /such as redis:/],
    ['127.0.0.1:6379', /such as redis:/],
    ['http://127.0.0.1', /such as redis:/],
    ['redis+mirror://127.0.0.1', /such as redis:/],
    ['redis://', /hosts must be names/],
    ['redis://host:port', /hosts must be names/],
    ['redis://host:70000', /hosts must be names/],
    ['redis://one,two', /redis\+sentinel or redis\+cluster/],
    ['redis://host/first', /number of a database/],
    ['redis://user@host', /user:password/],
    ['redis://user:100%@host', /percent-encoded/],
    ['redis://host?family=6', /no parameter "family"/],
    ['redis+sentinel://one,two', /name of the master/],
    ['redis+sentinel://user:password@one', /name of the master/],
    ['redis+sentinel://tide@one?pass=x', /no parameter "pass", but user, password/],
    ['redis+sentinel://tide@one,,two', /hosts must be names/],
    ['redis+cluster://one/1', /only database 0/],
  ])('refuses %j', (url, problem) => {
    expect(() => parseRedisUrl(url)).toThrow(problem);
    expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
  });

  it('is told without user and password', () => {
    const told = (url: string) => describeAddress(parseRedisUrl(url));
    expect(told('redis://user:secret@[::1]/3')).toBe('[::1]:6379/3');
    expect(told('redis+sentinel://tide@one,two?password=secret')).toBe('tide@one:26379,two:26379');
    expect(told('redis+cluster://user:secret@one:7000,two')).toBe('one:7000,two:6379');
  });
});
