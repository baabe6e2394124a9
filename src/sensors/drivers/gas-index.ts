// The gas index algorithm of Sensirion, version 3.2.0, for SGP40 and SGP41, reimplemented in double precision after
// github.com/Sensirion/gas-index-algorithm, whose licence is:
/*
 * Copyright (c) 2022, Sensirion AG
 * All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * * Redistributions of source code must retain the above copyright notice, this
 *   list of conditions and the following disclaimer.
 *
 * * Redistributions in binary form must reproduce the above copyright notice,
 *   this list of conditions and the following disclaimer in the documentation
 *   and/or other materials provided with the distribution.
 *
 * * Neither the name of Sensirion AG nor the names of its
 *   contributors may be used to endorse or promote products derived from
 *   this software without specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
 * AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
 * IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE
 * ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE
 * LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR
 * CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF
 * SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
 * INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN
 * CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE)
 * ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE
 * POSSIBILITY OF SUCH DAMAGE.
 */

/** What differs between the two gases. */
export interface GasIndexParameters {
	/** The index of the usual air, and the highest ticks that are not a signal. */
	readonly offset: number;
	readonly minTicks: number;
	readonly sigmoidSlope: number;
	readonly sigmoidCentre: number;
	/** Seconds. */
	readonly initialMeanS: number;
	readonly meanLearningS: number;
	readonly varianceLearningS: number;
	readonly gatingThreshold: number;
	readonly maxGatingMinutes: number;
	/** Of the ticks; `undefined`: learned. */
	readonly deviation: number | undefined;
}

export const vocIndexParameters: GasIndexParameters = Object.freeze({
	offset: 100,
	minTicks: 20_000,
	sigmoidSlope: -0.0065,
	sigmoidCentre: 213,
	initialMeanS: 20,
	meanLearningS: 3600 * 0.75,
	varianceLearningS: 3600 * 1.45,
	gatingThreshold: 340,
	maxGatingMinutes: 180,
	deviation: undefined,
});

export const noxIndexParameters: GasIndexParameters = Object.freeze({
	offset: 1,
	minTicks: 10_000,
	sigmoidSlope: -0.0101,
	sigmoidCentre: 614,
	initialMeanS: 1200,
	meanLearningS: 3600 * 4.75,
	varianceLearningS: 3600 * 5.7,
	gatingThreshold: 30,
	maxGatingMinutes: 720,
	deviation: 2000,
});

const blackoutS = 45;
const gain = 230;
const learningHours = 12;
const initialVarianceS = 2500;
const gammaScale = 64;
const meanScale = 8;
const maxUptimeS = 32_767;
const maxIndex = 500;
const fastS = 20;
const slowS = 500;

/**
 * An index of 1 to 500 from the ticks of a gas sensor: how much more or less there is than on average over the last day,
 * which it learns.
 */
export class GasIndex {
	private readonly parameters: GasIndexParameters;
	/** Between two calls of {@link update}; Sensirion has tested 1 and 10. */
	private readonly intervalS: number;
	private uptimeS = 0;
	private ticks = 0;
	private index = 0;
	/** Of the estimator: mean from an offset, deviation, and times since its start. */
	private offset: number | undefined;
	private mean = 0;
	private deviation = 50;
	private learningS = 0;
	private gatingS = 0;
	private gatingMinutes = 0;
	/** As of the latest update, for the next index. */
	private modelMean = 0;
	private modelDeviation = 50;
	/** Of the low pass: fast, slow, adaptive. */
	private filtered: [number, number, number] | undefined;

	constructor(parameters: GasIndexParameters, intervalS: number) {
		this.parameters = parameters;
		this.intervalS = intervalS;
	}

	/** Once in each interval. `undefined` in the first 45 seconds. */
	update(ticks: number): number | undefined {
		const { minTicks, deviation, offset } = this.parameters;
		if (this.uptimeS <= blackoutS) {
			this.uptimeS += this.intervalS;
			return undefined;
		}
		if (ticks > 0 && ticks < 65_000)
			this.ticks = Math.min(minTicks + maxUptimeS, Math.max(minTicks + 1, ticks)) - minTicks;
		const spread = deviation ?? -(this.modelDeviation + 220);
		const isReady = deviation === undefined || this.offset !== undefined;
		const index = isReady ? this.scale(((this.ticks - this.modelMean) / spread) * gain) : offset;
		this.index = Math.max(0.5, this.smooth(index));
		if (this.ticks > 0) {
			this.learn(this.ticks);
			this.modelMean = this.mean + (this.offset ?? 0);
			this.modelDeviation = this.deviation;
		}
		return Math.floor(this.index + 0.5);
	}

	private scale(sample: number): number {
		const { sigmoidSlope, sigmoidCentre, offset } = this.parameters;
		const x = sigmoidSlope * (sample - sigmoidCentre);
		if (x < -50) return maxIndex;
		if (x > 50) return 0;
		if (sample < 0) return maxIndex / (1 + Math.exp(x));
		const shift = offset === 1 ? 0 : (maxIndex - 5 * offset) / 4;
		return (maxIndex + shift) / (1 + Math.exp(x)) - shift;
	}

	private smooth(sample: number): number {
		const { intervalS, filtered = [sample, sample, sample] } = this;
		this.filtered = filtered;
		const pass = (at: 0 | 1 | 2, seconds: number) => {
			const share = intervalS / (seconds + intervalS);
			filtered[at] = (1 - share) * filtered[at] + share * sample;
		};
		pass(0, fastS);
		pass(1, slowS);
		const closeness = Math.exp(-0.2 * Math.abs(filtered[0] - filtered[1]));
		pass(2, (slowS - fastS) * closeness + fastS);
		return filtered[2];
	}

	private learn(ticks: number): void {
		if (this.offset === undefined) {
			this.offset = ticks;
			return;
		}
		if (Math.abs(this.mean) >= 100) {
			this.offset += this.mean;
			this.mean = 0;
		}
		const [meanGamma, varianceGamma] = this.nextGammas();
		const delta = (ticks - this.offset - this.mean) / gammaScale;
		const sum = this.deviation + Math.abs(delta);
		const scaling = sum > 1440 ? (sum / 1440) ** 2 : 1;
		this.deviation =
			Math.sqrt(scaling * (gammaScale - varianceGamma)) *
			Math.sqrt(
				this.deviation * (this.deviation / (gammaScale * scaling)) +
					((varianceGamma * delta) / scaling) * delta,
			);
		this.mean += (meanGamma * delta) / meanScale;
	}

	/** How fast mean and deviation are learned now: fast at first, not during an event. */
	private nextGammas(): readonly [mean: number, variance: number] {
		const { initialMeanS, meanLearningS, varianceLearningS, gatingThreshold, maxGatingMinutes } =
			this.parameters;
		const { intervalS } = this;
		if (this.learningS < maxUptimeS - intervalS) this.learningS += intervalS;
		if (this.gatingS < maxUptimeS - intervalS) this.gatingS += intervalS;
		const lasting = intervalS / 3600 / (learningHours + intervalS / 3600);
		const initial = (seconds: number) => intervalS / (seconds + intervalS);
		const meanShare = falling(this.learningS, meanLearningS, 0.01);
		const varianceShare = falling(this.learningS, varianceLearningS, 0.01) - meanShare;
		const isQuiet = (learning: number) => {
			const threshold = gatingThreshold + (510 - gatingThreshold) * falling(this.gatingS, learning, 0.01);
			return falling(this.index, threshold, 0.09);
		};
		const meanQuiet = isQuiet(meanLearningS);
		const varianceQuiet = isQuiet(varianceLearningS);
		this.gatingMinutes = Math.max(0, this.gatingMinutes + (intervalS / 60) * ((1 - meanQuiet) * 1.3 - 0.3));
		if (this.gatingMinutes > maxGatingMinutes) this.gatingS = 0;
		const blend = (share: number, seconds: number) => lasting + (initial(seconds) - lasting) * share;
		return [
			meanQuiet * meanScale * gammaScale * blend(meanShare, initialMeanS),
			varianceQuiet * gammaScale * blend(varianceShare, initialVarianceS),
		];
	}
}

/** From 1 down to 0 around a centre. */
function falling(sample: number, centre: number, steepness: number): number {
	const x = steepness * (sample - centre);
	if (x < -50) return 1;
	return x > 50 ? 0 : 1 / (1 + Math.exp(x));
}
