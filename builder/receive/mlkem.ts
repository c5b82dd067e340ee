import { encapsulate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * Adds the key exchange `mlkem768x25519-sha256` (draft-ietf-sshm-mlkem-hybrid-kex) to ssh2, which lacks it;
 * without it OpenSSH from 10.1 on warns at every push. Must be called before ssh2 is imported.
 *
 * ssh2's text is edited as it is loaded. When it is not the text we know, nothing is touched and
 * pushes use curve25519 alone.
 */
export function addHybridExchange(): void {
  if (typeof encapsulate !== 'function') return
  const texts = new Map(edits.map(({ file, pairs }) => [urlOf(file), editedText(file, pairs)]))
  if ([...texts.values()].includes(null)) return
  registerHooks({
    load(url, context, next) {
      const source = texts.get(url)
      return typeof source === 'string'
        ? { format: 'commonjs', source, shortCircuit: true }
        : next(url, context)
    },
  })
}

/** Whether the ssh2 that is loaded speaks it; loads ssh2. False when it had been loaded before the edit. */
export function hasHybridExchange(): boolean {
  const constants = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js') as {
    readonly SUPPORTED_KEX: readonly string[]
  }
  return constants.SUPPORTED_KEX.includes('mlkem768x25519-sha256')
}

function editedText(file: string, pairs: readonly (readonly [string, string])[]): string | null {
  let text = readFileSync(new URL(urlOf(file)), 'utf8')
  for (const [anchor, replacement] of pairs) {
    if (text.split(anchor).length !== 2) return null
    text = text.replace(anchor, () => replacement)
  }
  return text
}

function urlOf(file: string): string {
  return pathToFileURL(createRequire(import.meta.url).resolve(`ssh2/lib/protocol/${file}`)).href
}

/** The server's public share is the ML-KEM ciphertext and its X25519 key; the secret hashes both. */
const exchange = `
  class HybridExchange extends Curve25519Exchange {
    constructor(hashName, ...args) {
      super(hashName, ...args);
      this.type = 'mlkem25519';
    }
    generateKeys() {
      super.generateKeys();
      if (!this._protocol._server && !this._kem)
        this._kem = generateKeyPairSync('ml-kem-768');
    }
    getPublicKey() {
      const classic = super.getPublicKey();
      const spki = { type: 'spki', format: 'der' };
      return Buffer.concat([
        this._protocol._server ? this._ciphertext : this._kem.publicKey.export(spki).subarray(-1184),
        classic,
      ]);
    }
    convertPublicKey(key) { return key; }
    computeSecret(share) {
      this.generateKeys();
      try {
        const length = this._protocol._server ? 1184 : 1088;
        if (share.length !== length + 32)
          throw new Error('Bad share length');
        const hybrid = this.computeKem(share.subarray(0, length));
        const classic = diffieHellman({
          privateKey: this._keys.privateKey,
          publicKey: publicKeyOf(X25519_HEAD, share.subarray(length)),
        });
        return createHash('sha256').update(hybrid).update(classic).digest();
      } catch (ex) {
        return ex;
      }
    }
    computeKem(share) {
      const crypto = require('crypto');
      if (!this._protocol._server)
        return crypto.decapsulate(this._kem.privateKey, share);
      const { sharedKey, ciphertext } = crypto.encapsulate(publicKeyOf(MLKEM_HEAD, share));
      this._ciphertext = ciphertext;
      return sharedKey;
    }
  }
  // The fixed heads of a SubjectPublicKeyInfo; the raw key follows.
  const MLKEM_HEAD = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');
  const X25519_HEAD = Buffer.from('302a300506032b656e032100', 'hex');
  function publicKeyOf(head, raw) {
    return createPublicKey({ key: Buffer.concat([head, raw]), type: 'spki', format: 'der' });
  }
`
const beforeClass = '  class ECDHExchange extends'
const beforeCase = "        case 'ecdh-sha2-nistp256':\n          return"
const beforeList = 'const SUPPORTED_KEX ='

const edits = [
  {
    file: 'kex.js',
    pairs: [
      [beforeClass, exchange + beforeClass],
      [
        beforeCase,
        `        case 'mlkem768x25519-sha256':\n          return new HybridExchange('sha256', ...args);\n${beforeCase}`,
      ],
    ],
  },
  {
    file: 'constants.js',
    pairs: [[beforeList, `DEFAULT_KEX.unshift('mlkem768x25519-sha256');\n${beforeList}`]],
  },
] as const
