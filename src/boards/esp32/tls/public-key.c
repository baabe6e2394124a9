// The arithmetic of public keys: ECDSA and ECDH on P-256 and P-384 (FIPS 186-5, SP 800-56A), and powers for RSA. Called through
// mc/ffi (see manifest.json). Numbers come and go as bytes, the highest first; inside they are words, the lowest first.
//
// Not constant-time: the only secret, an ECDH key, is used once. The SDK's arithmetic is not either.

#include <stdint.h>
#include <string.h>

typedef uint32_t word;
typedef uint64_t twoWords;

enum { maxCurveWords = 12, maxWords = 128 };

// An odd modulus (Montgomery representation: x is stored as x R, R = 2^(32 words)).
typedef struct {
	const word *value;
	int words;
	// -1 / value, by 2^32.
	word factor;
	// R * R.
	word square[maxWords];
} Modulus;

typedef struct {
	word x[maxCurveWords], y[maxCurveWords], z[maxCurveWords];
	// z is 1: adding it takes 11 multiplications in place of 16.
	int isAffine;
} Point;

// y^2 = x^3 - 3x + b by p; the generator has the order n. `far` is the generator doubled half as often as p has bits.
typedef struct {
	int words;
	word p[maxCurveWords], n[maxCurveWords], b[maxCurveWords];
	word generator[2][maxCurveWords], far[2][maxCurveWords];
} Curve;

static const Curve p256 = {
	.words = 8,
	.p = {0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xffffffff},
	.n = {0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff},
	.b = {0x27d2604b, 0x3bce3c3e, 0xcc53b0f6, 0x651d06b0, 0x769886bc, 0xb3ebbd55, 0xaa3a93e7, 0x5ac635d8},
	.generator = {{0xd898c296, 0xf4a13945, 0x2deb33a0, 0x77037d81, 0x63a440f2, 0xf8bce6e5, 0xe12c4247, 0x6b17d1f2},
		{0x37bf51f5, 0xcbb64068, 0x6b315ece, 0x2bce3357, 0x7c0f9e16, 0x8ee7eb4a, 0xfe1a7f9b, 0x4fe342e2}},
	.far = {{0xd789bd85, 0x57c84fc9, 0xc297eac3, 0xfc35ff7d, 0x88c6766e, 0xfb982fd5, 0xeedb5e67, 0x447d739b},
		{0x72e25b32, 0x0c7e33c9, 0xa7fae500, 0x3d349b95, 0x3a4aaff7, 0xe12e9d95, 0x834131ee, 0x2d4825ab}},
};
static const Curve p384 = {
	.words = 12,
	.p = {0xffffffff, 0x00000000, 0x00000000, 0xffffffff, 0xfffffffe, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
	.n = {0xccc52973, 0xecec196a, 0x48b0a77a, 0x581a0db2, 0xf4372ddf, 0xc7634d81, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
	.b = {0xd3ec2aef, 0x2a85c8ed, 0x8a2ed19d, 0xc656398d, 0x5013875a, 0x0314088f, 0xfe814112, 0x181d9c6e, 0xe3f82d19, 0x988e056b, 0xe23ee7e4, 0xb3312fa7},
	.generator = {{0x72760ab7, 0x3a545e38, 0xbf55296c, 0x5502f25d, 0x82542a38, 0x59f741e0, 0x8ba79b98, 0x6e1d3b62, 0xf320ad74, 0x8eb1c71e, 0xbe8b0537, 0xaa87ca22},
		{0x90ea0e5f, 0x7a431d7c, 0x1d7e819d, 0x0a60b1ce, 0xb5f0b8c0, 0xe9da3113, 0x289a147c, 0xf8f41dbd, 0x9292dc29, 0x5d9e98bf, 0x96262c6f, 0x3617de4a}},
	.far = {{0xaa03bd53, 0xa628b09a, 0xa4f52d78, 0xba065458, 0x4d10ddea, 0xdb298789, 0x8a3e297d, 0xb42a31af, 0x06421279, 0x40f7f9e7, 0x800119c4, 0xc19e0b4c},
		{0xe6c88c41, 0x822d0fc5, 0xe639d858, 0xaf68aa6d, 0x35f6ebf2, 0xc1c7cad1, 0xe3567af9, 0x577a30ea, 0x1f5b77f6, 0xe5a0191d, 0x0356b301, 0x16f3fdbf}},
};

static void load(word *to, int words, const uint8_t *bytes, int count)
{
	memset(to, 0, words * sizeof(word));
	for (int i = 0; i < count; i++) to[i / 4] |= (word)bytes[count - 1 - i] << 8 * (i % 4);
}

static void store(uint8_t *bytes, int count, const word *from)
{
	for (int i = 0; i < count; i++) bytes[count - 1 - i] = from[i / 4] >> 8 * (i % 4);
}

static int bit(const word *a, int at) { return a[at / 32] >> at % 32 & 1; }

static int isZero(const word *a, int words)
{
	word any = 0;
	for (int i = 0; i < words; i++) any |= a[i];
	return any == 0;
}

static int isLess(const word *a, const word *b, int words)
{
	for (int i = words - 1; i > 0; i--)
		if (a[i] != b[i]) return a[i] < b[i];
	return a[0] < b[0];
}

static word add(word *r, const word *a, const word *b, int words)
{
	twoWords carry = 0;
	for (int i = 0; i < words; i++) {
		carry += (twoWords)a[i] + b[i];
		r[i] = carry;
		carry >>= 32;
	}
	return carry;
}

static word subtract(word *r, const word *a, const word *b, int words)
{
	word borrow = 0;
	for (int i = 0; i < words; i++) {
		twoWords difference = (twoWords)a[i] - b[i] - borrow;
		r[i] = difference;
		borrow = difference >> 63;
	}
	return borrow;
}

// Modular arithmetic; operands are less than the modulus.

static void modAdd(word *r, const word *a, const word *b, const Modulus *m)
{
	if (add(r, a, b, m->words) || !isLess(r, m->value, m->words)) subtract(r, r, m->value, m->words);
}

static void modSubtract(word *r, const word *a, const word *b, const Modulus *m)
{
	if (subtract(r, a, b, m->words)) add(r, r, m->value, m->words);
}

// a b / R
static void modMultiply(word *r, const word *a, const word *b, const Modulus *m)
{
	const word *value = m->value;
	int words = m->words;
	word t[maxWords + 1];
	memset(t, 0, (words + 1) * sizeof(word));
	for (int i = 0; i < words; i++) {
		word digit = b[i];
		twoWords product = (twoWords)a[0] * digit + t[0];
		word quotient = (word)product * m->factor;
		word carry = product >> 32;
		word reduced = ((twoWords)quotient * value[0] + (word)product) >> 32;
		for (int j = 1; j < words; j++) {
			product = (twoWords)a[j] * digit + t[j] + carry;
			carry = product >> 32;
			product = (twoWords)quotient * value[j] + (word)product + reduced;
			reduced = product >> 32;
			t[j - 1] = product;
		}
		product = (twoWords)t[words] + carry + reduced;
		t[words - 1] = product;
		t[words] = product >> 32;
	}
	if (t[words] || !isLess(t, value, words)) subtract(r, t, value, words);
	else memcpy(r, t, words * sizeof(word));
}

static void prepare(Modulus *m, const word *value, int words)
{
	m->value = value;
	m->words = words;
	word inverse = value[0];
	for (int i = 0; i < 4; i++) inverse *= 2 - value[0] * inverse;
	m->factor = -inverse;
	int top = 32 * words - 1;
	while (!bit(value, top)) top--;
	// From the highest power of 2 that is less: R, then R 2^words by doubling, then R R by squaring.
	memset(m->square, 0, sizeof(m->square));
	m->square[top / 32] = (word)1 << top % 32;
	for (; top < 33 * words; top++) modAdd(m->square, m->square, m->square, m);
	for (int i = 0; i < 5; i++) modMultiply(m->square, m->square, m->square, m);
}

static void enter(word *r, const word *a, const Modulus *m) { modMultiply(r, a, m->square, m); }

static void leave(word *r, const word *a, const Modulus *m)
{
	word one[maxWords] = {1};
	modMultiply(r, a, one, m);
}

// a^exponent for an exponent above 0, in Montgomery's representation.
static void modPower(word *r, const word *a, const word *exponent, int bits, const Modulus *m)
{
	word base[maxWords];
	memcpy(base, a, m->words * sizeof(word));
	while (!bit(exponent, bits - 1)) bits--;
	memcpy(r, base, m->words * sizeof(word));
	for (int i = bits - 2; i >= 0; i--) {
		modMultiply(r, r, r, m);
		if (bit(exponent, i)) modMultiply(r, r, base, m);
	}
}

// 1 / a by a prime, in Montgomery's representation.
static void modInvert(word *r, const word *a, const Modulus *m)
{
	word exponent[maxCurveWords], two[maxCurveWords] = {2};
	subtract(exponent, m->value, two, m->words);
	modPower(r, a, exponent, 32 * m->words, m);
}

// Points, in Jacobian coordinates and Montgomery's representation; z = 0 is the point at infinity.

// dbl-2001-b of https://www.hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html
static void doublePoint(Point *p, const Modulus *m)
{
	p->isAffine = 0;
	word delta[maxCurveWords], gamma[maxCurveWords], beta[maxCurveWords], alpha[maxCurveWords], t[maxCurveWords];
	modMultiply(delta, p->z, p->z, m);
	modMultiply(gamma, p->y, p->y, m);
	modMultiply(beta, p->x, gamma, m);
	modSubtract(alpha, p->x, delta, m);
	modAdd(t, p->x, delta, m);
	modMultiply(t, t, alpha, m);
	modAdd(alpha, t, t, m);
	modAdd(alpha, alpha, t, m);
	modAdd(p->z, p->y, p->z, m);
	modMultiply(p->z, p->z, p->z, m);
	modSubtract(p->z, p->z, gamma, m);
	modSubtract(p->z, p->z, delta, m);
	modAdd(beta, beta, beta, m);
	modAdd(beta, beta, beta, m);
	modAdd(t, beta, beta, m);
	modMultiply(p->x, alpha, alpha, m);
	modSubtract(p->x, p->x, t, m);
	modSubtract(beta, beta, p->x, m);
	modMultiply(p->y, alpha, beta, m);
	modMultiply(gamma, gamma, gamma, m);
	for (int i = 0; i < 3; i++) modAdd(gamma, gamma, gamma, m);
	modSubtract(p->y, p->y, gamma, m);
}

// p += q; add-2007-bl of the same site, without its doublings.
static void addPoint(Point *p, const Point *q, const Modulus *m)
{
	word zz1[maxCurveWords], zz2[maxCurveWords], u[maxCurveWords], s[maxCurveWords], h[maxCurveWords], r[maxCurveWords];
	if (isZero(q->z, m->words)) return;
	if (isZero(p->z, m->words)) {
		*p = *q;
		return;
	}
	p->isAffine = 0;
	memcpy(u, p->x, sizeof(u));
	memcpy(s, p->y, sizeof(s));
	modMultiply(zz1, p->z, p->z, m);
	modMultiply(h, q->x, zz1, m);
	modMultiply(zz1, zz1, p->z, m);
	if (!q->isAffine) {
		modMultiply(zz2, q->z, q->z, m);
		modMultiply(u, u, zz2, m);
		modMultiply(zz2, zz2, q->z, m);
		modMultiply(s, s, zz2, m);
	}
	modSubtract(h, h, u, m);
	modMultiply(r, q->y, zz1, m);
	modSubtract(r, r, s, m);
	if (isZero(h, m->words)) {
		if (isZero(r, m->words)) doublePoint(p, m);
		else memset(p->z, 0, sizeof(p->z));
		return;
	}
	if (!q->isAffine) modMultiply(p->z, p->z, q->z, m);
	modMultiply(p->z, p->z, h, m);
	// h^2, h^3 and u h^2.
	modMultiply(zz1, h, h, m);
	modMultiply(h, h, zz1, m);
	modMultiply(u, u, zz1, m);
	modMultiply(p->x, r, r, m);
	modSubtract(p->x, p->x, h, m);
	modSubtract(p->x, p->x, u, m);
	modSubtract(p->x, p->x, u, m);
	modSubtract(u, u, p->x, m);
	modMultiply(p->y, r, u, m);
	modMultiply(s, s, h, m);
	modSubtract(p->y, p->y, s, m);
}

// points[0] and points[1] with z = 1, multiplied by these numbers of so many bits and added: as coordinates x and y out of
// Montgomery's representation. 0 if the sum is the point at infinity.
static int sumOfProducts(word *x, word *y, Point points[3], const word *first, const word *second, int bits, const Modulus *m)
{
	Point sum;
	word inverse[maxCurveWords], t[maxCurveWords];
	memset(&sum, 0, sizeof(sum));
	points[2] = points[0];
	addPoint(&points[2], &points[1], m);
	for (int i = bits - 1; i >= 0; i--) {
		doublePoint(&sum, m);
		int which = bit(first, i) | bit(second, i) << 1;
		if (which) addPoint(&sum, &points[which - 1], m);
	}
	if (isZero(sum.z, m->words)) return 0;
	modInvert(inverse, sum.z, m);
	modMultiply(t, inverse, inverse, m);
	modMultiply(x, sum.x, t, m);
	leave(x, x, m);
	modMultiply(t, t, inverse, m);
	modMultiply(y, sum.y, t, m);
	leave(y, y, m);
	return 1;
}

static void enterPoint(Point *to, const word *x, const word *y, const Modulus *m)
{
	word one[maxCurveWords] = {1};
	memset(to, 0, sizeof(*to));
	enter(to->x, x, m);
	enter(to->y, y, m);
	enter(to->z, one, m);
	to->isAffine = 1;
}

// `number`: of the curve in TLS (RFC 8422 section 5.1.1), 23 or 24.
static const Curve *findCurve(uint32_t number) { return number == 23 ? &p256 : &p384; }

// Loads a point from x and y; 0 if it is not on the curve.
static int loadPoint(Point *to, const Curve *curve, const uint8_t *point, const Modulus *m)
{
	int size = 4 * curve->words;
	word x[maxCurveWords], y[maxCurveWords], t[maxCurveWords];
	load(x, curve->words, point, size);
	load(y, curve->words, point + size, size);
	if (!isLess(x, curve->p, curve->words) || !isLess(y, curve->p, curve->words)) return 0;
	enterPoint(to, x, y, m);
	modMultiply(t, to->x, to->x, m);
	for (int i = 0; i < 3; i++) modSubtract(t, t, to->z, m);
	modMultiply(t, t, to->x, m);
	enter(x, curve->b, m);
	modAdd(t, t, x, m);
	modMultiply(y, to->y, to->y, m);
	return memcmp(t, y, size) == 0;
}

int32_t ec_is_point(uint32_t number, uint8_t *point)
{
	const Curve *curve = findCurve(number);
	Modulus m;
	Point loaded;
	prepare(&m, curve->p, curve->words);
	return loadPoint(&loaded, curve, point, &m);
}

// Whether a signature of r and s is valid for a hash of as many bytes as the curve has (FIPS 186-5 section 6.4.2).
int32_t ecdsa_verify(uint32_t number, uint8_t *key, uint8_t *hash, uint8_t *signature)
{
	const Curve *curve = findCurve(number);
	int words = curve->words, size = 4 * words;
	Modulus m;
	Point points[3];
	word r[maxCurveWords], s[maxCurveWords], e[maxCurveWords], t[maxCurveWords];
	load(r, words, signature, size);
	load(s, words, signature + size, size);
	load(e, words, hash, size);
	if (isZero(r, words) || isZero(s, words) || !isLess(r, curve->n, words) || !isLess(s, curve->n, words)) return 0;
	if (!isLess(e, curve->n, words)) subtract(e, e, curve->n, words);
	// e / s and r / s: s is in Montgomery's representation, the others are not.
	prepare(&m, curve->n, words);
	enter(s, s, &m);
	modInvert(s, s, &m);
	modMultiply(e, e, s, &m);
	modMultiply(s, r, s, &m);
	prepare(&m, curve->p, words);
	if (!loadPoint(&points[1], curve, key, &m)) return 0;
	enterPoint(&points[0], curve->generator[0], curve->generator[1], &m);
	if (!sumOfProducts(t, e, points, e, s, 32 * words, &m)) return 0;
	if (!isLess(t, curve->n, words)) subtract(t, t, curve->n, words);
	return memcmp(t, r, size) == 0;
}

// ECDH: the public point of `key`, and the shared x with `point`. 0 if `point` is not on the curve, or the result is at
// infinity.
int32_t ecdh_agree(uint32_t number, uint8_t *point, uint8_t *key, uint8_t *own, uint8_t *shared)
{
	const Curve *curve = findCurve(number);
	int words = curve->words, size = 4 * words;
	Modulus m;
	Point points[3];
	word k[maxCurveWords + 1], triple[maxCurveWords + 1], x[maxCurveWords], y[maxCurveWords];
	load(k, words + 1, key, size);
	prepare(&m, curve->p, words);
	if (!loadPoint(&points[0], curve, point, &m)) return 0;
	// The digits -1, 0 and 1 of the non-adjacent form, a third of which is not 0: k = (3k - k) / 2, bit by bit.
	add(triple, k, k, words + 1);
	add(triple, triple, k, words + 1);
	for (int i = 0; i <= words; i++) {
		word common = triple[i] & k[i];
		triple[i] ^= common;
		k[i] ^= common;
	}
	// Halved. The highest bit of k has no digit of its own.
	for (int i = 0; i <= words; i++) {
		triple[i] = triple[i] >> 1 | (i < words ? triple[i + 1] << 31 : 0);
		k[i] = k[i] >> 1 | (i < words ? k[i + 1] << 31 : 0);
	}
	points[1] = points[0];
	memset(y, 0, sizeof(y));
	modSubtract(points[1].y, y, points[0].y, &m);
	if (!sumOfProducts(x, y, points, triple, k, 32 * words + 1, &m)) return 0;
	store(shared, size, x);
	// The halves of the key with the generator and its multiple: half as many doublings.
	load(k, words + 1, key, size);
	enterPoint(&points[0], curve->generator[0], curve->generator[1], &m);
	enterPoint(&points[1], curve->far[0], curve->far[1], &m);
	if (!sumOfProducts(x, y, points, k, k + words / 2, 16 * words, &m)) return 0;
	store(own, size, x);
	store(own + size, size, y);
	return 1;
}

// base^exponent modulo an odd modulus; all but the exponent have `size` bytes. 0 if the operands are invalid.
int32_t rsa_power(uint8_t *result, uint8_t *base, uint8_t *exponent, uint32_t exponentSize, uint8_t *modulus, uint32_t size)
{
	Modulus m;
	word n[maxWords], a[maxWords], e[maxWords];
	int words = (size + 3) / 4;
	if (words > maxWords || exponentSize > size) return 0;
	load(n, words, modulus, size);
	load(a, words, base, size);
	load(e, words, exponent, exponentSize);
	if (!(n[0] & 1) || isZero(e, words) || !isLess(a, n, words)) return 0;
	prepare(&m, n, words);
	enter(a, a, &m);
	modPower(a, a, e, 32 * words, &m);
	leave(a, a, &m);
	store(result, size, a);
	return 1;
}
