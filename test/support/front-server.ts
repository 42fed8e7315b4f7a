import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  environment,
  type FrontServer,
  type People,
  passwords,
  prepare,
  run,
} from './front-process.ts'

const APACHE = '/usr/sbin/apache2'
const APACHE_MODULES = '/etc/apache2/mods-available'
const NGINX = '/usr/sbin/nginx'

/** Loaded on Debian before anybody enables anything, with what the modules of a site build on. */
const DEBIAN_MODULES = ['mpm_event', 'authz_core', 'authz_host', 'authz_user', 'authn_core']
const NEEDED = ['alias', 'env', 'setenvif', 'mime', 'filter', 'deflate', 'dir', 'proxy']
const ENABLED = [...DEBIAN_MODULES, ...NEEDED, 'socache_shmcb']

export const PROXY_SECRET = 'secret-of-the-front-server'

/** Where a front server is to listen, and what it is to find behind it. */
export interface FrontOptions {
  readonly port: number
  /** The URL of Carrel, or of what stands in for it. */
  readonly backend: string
  /** More values: of `deploy/apache/values.conf` by name, of nginx by what they stand in for. */
  readonly values?: Readonly<Record<string, string>>
  /** Names and passwords, for Basic. */
  readonly people?: People
}

export const FRONTS = { Apache: startApache, nginx: startNginx } as const

/** Apache as Debian's, with `deploy/apache/SITE.conf` and the modules that its first lines name. */
export async function startApache(site: string, options: FrontOptions): Promise<FrontServer> {
  const root = prepareApache(site, options)
  return await run(root, options.port, APACHE, ['-d', root, '-f', 'main.conf', '-DFOREGROUND'])
}

/** What `apachectl configtest` says of a site, standard error included. */
export function testApache(site: string, options: FrontOptions): string {
  const root = prepareApache(site, options)
  const line = `exec ${APACHE} -d ${root} -f main.conf -t 2>&1`
  return execFileSync('sh', ['-c', line], { encoding: 'utf8', env: environment(root) })
}

function prepareApache(site: string, { port, backend, values, people }: FrontOptions): string {
  const folder = prepare('apache', 'apache2', APACHE)
  const text = readFileSync(join(folder, 'carrel', `${site}.conf`), 'utf8')
  const modules = /^# +a2enmod (.*)$/m.exec(text)?.[1]?.split(' ') ?? []
  const loads = [...new Set([...ENABLED, ...modules])].map((name) => {
    const file = join(APACHE_MODULES, `${name}.load`)
    if (!existsSync(file)) throw new Error(`no ${file}: ${needs(text)}`)
    // Beside it, as an option, Debian's own settings of the module.
    return `Include ${file}\nIncludeOptional ${APACHE_MODULES}/${name}.con[f]`
  })
  const given: Readonly<Record<string, string>> = {
    CARREL_HOST: '127.0.0.1',
    CARREL_URL: `https://127.0.0.1:${port}`,
    CARREL_CERTIFICATE: join(folder, 'cert.pem'),
    CARREL_KEY: join(folder, 'key.pem'),
    CARREL_BACKEND: backend,
    CARREL_SECRET: PROXY_SECRET,
    CARREL_PASSWORDS: join(folder, 'carrel/passwords'),
    ...values,
  }
  change(join(folder, 'carrel/values.conf'), /^Define (\w+) +.*$/gm, (line, name) =>
    given[name] === undefined ? line : `Define ${name} "${given[name]}"`,
  )
  change(join(folder, `carrel/${site}.conf`), /\*:443/g, () => `127.0.0.1:${port}`)
  passwords(folder, people)
  writeFileSync(
    join(folder, 'main.conf'),
    `${loads.join('\n')}
User \${APACHE_RUN_USER}
Group \${APACHE_RUN_GROUP}
ServerName 127.0.0.1
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${port}
ErrorLog ${folder}/log/error.log
LogLevel warn
<Directory />
  Require all denied
</Directory>
Include carrel/${site}.conf
`,
  )
  return folder
}

/** nginx as Debian's, with `deploy/nginx/SITE.conf`. */
export async function startNginx(site: string, options: FrontOptions): Promise<FrontServer> {
  const folder = prepareNginx(site, options)
  return await run(folder, options.port, NGINX, nginxArguments(folder))
}

const nginxArguments = (folder: string) => [
  ...['-e', `${folder}/log/error.log`],
  ...['-p', folder, '-c', `${folder}/nginx.conf`],
]

function prepareNginx(site: string, { port, backend, people, values = {} }: FrontOptions): string {
  const folder = prepare('nginx', 'nginx', NGINX)
  const given = [
    ['listen 443 ', `listen 127.0.0.1:${port} `],
    ['lend.example.edu;', '127.0.0.1;'],
    ['/etc/ssl/certs/lend.example.edu.pem', `${folder}/cert.pem`],
    ['/etc/ssl/private/lend.example.edu.key', `${folder}/key.pem`],
    ['/var/log/nginx', `${folder}/log`],
    ['127.0.0.1:8080', new URL(backend).host],
    ['"change-me"', `"${PROXY_SECRET}"`],
    ...Object.entries(values),
  ] as const
  for (const name of readdirSync(join(folder, 'carrel'))) {
    for (const [from, to] of given) change(join(folder, 'carrel', name), from, () => to)
  }
  passwords(folder, people)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/log/${name};`)
    .join('\n')
  writeFileSync(
    join(folder, 'nginx.conf'),
    `user www-data;
worker_processes 2;
daemon off;
pid ${folder}/pid;
error_log ${folder}/log/error.log;
events { worker_connections 512; }
http {
${temporary}
access_log ${folder}/log/access.log;
include carrel/${site}.conf;
}
`,
  )
  return folder
}

function change(
  file: string,
  what: string | RegExp,
  to: (found: string, ...groups: string[]) => string,
): void {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(what, to))
}

const needs = (text: string) => /^# +(apt-get install .*)$/m.exec(text)?.[1] ?? ''
