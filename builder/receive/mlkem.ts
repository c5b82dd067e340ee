import { encapsulate } from 'node:crypto'
import type { TextEdit } from './ssh2-text.ts'

/**
 * The key exchange `mlkem768x25519-sha256` (draft-ietf-sshm-mlkem-hybrid-kex) as edits of ssh2, which lacks
 * it; without it OpenSSH from 10.1 on warns at every push. None on a Node without ML-KEM.
 */
export function hybridEdits(): readonly TextEdit[] {
  return typeof encapsulate === 'function' ? edits : []
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

const edits: readonly TextEdit[] = [
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
]
