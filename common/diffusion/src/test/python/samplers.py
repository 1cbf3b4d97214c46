"""Writes ../resources/samplers/*.jsonl: schedules, noise and samplers as PyTorch 2.7.1 and diffusers 0.42.1 have them.

Run: python samplers.py    (with scipy, which diffusers asks for the beta levels and for LMS, and with torchsde, for DPMSolverSDE)
"""

import hashlib
import inspect
import json
import pathlib

import diffusers
import numpy as np
import torch
import torchsde

OUT = pathlib.Path(__file__).parent.parent / "resources" / "samplers"
SHAPE = (1, 2, 3, 4)


def digest(tensor):
    return hashlib.sha256(tensor.detach().contiguous().numpy().astype("<f4").tobytes()).hexdigest()


def floats(tensor, digits=9):
    """float32, by default in as many digits as tell all of them apart."""
    return [float(f"{v:.{digits}g}") for v in tensor.flatten().tolist()]


def model(x, t, step):
    """A network anyone can write down: mixes neighbours, depends on time and step."""
    flat = x.flatten()
    bias = torch.tensor([((i * 7 + step * 3) % 11 - 5) / 10 for i in range(flat.numel())], dtype=torch.float32)
    return (0.5 * flat + 0.25 * flat.roll(-1) + bias * (1 - t / 2000)).reshape(x.shape)


def sampler_case(class_name, config, steps, eta=None, seed=7, begin=None, original_steps=None, mu=None, sigmas=None, strength=None):
    """A whole run, or with ``begin`` one from a noised picture, as image-to-image starts at that call."""
    scheduler = getattr(diffusers, class_name).from_config(dict(config))
    given = {"mu": mu, "sigmas": sigmas, "original_inference_steps": original_steps, "strength": strength}
    given = {name: value for name, value in given.items() if value is not None}
    asked = {name: np.array(value) if name == "sigmas" else value for name, value in given.items()}
    if not (sigmas and class_name == EULER):
        asked["num_inference_steps"] = steps
    scheduler.set_timesteps(**asked)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin or 0)  # else the first two times being equal makes it start at the second
    if class_name == DPM_SDE and "noise_sampler_seed" not in config:
        scheduler.noise_sampler_seed = seed  # else it draws one
    generator = torch.Generator("cpu").manual_seed(seed)
    init_noise_sigma = float(getattr(scheduler, "init_noise_sigma", 1.0))
    x = torch.randn(SHAPE, generator=generator)
    if begin is None:
        x = x * init_noise_sigma
    else:
        add_noise = scheduler.scale_noise if hasattr(scheduler, "scale_noise") else scheduler.add_noise
        x = add_noise(x, noise=torch.randn(SHAPE, generator=generator), **{
            "timestep" if hasattr(scheduler, "scale_noise") else "timesteps": scheduler.timesteps[begin : begin + 1]})
    parameters = inspect.signature(scheduler.step).parameters
    extra = {"generator": generator} if "generator" in parameters else {}
    if "eta" in parameters and eta is not None:
        extra["eta"] = eta
    middle = None
    calls = len(scheduler.timesteps)
    for call in range(begin or 0, calls):
        t = scheduler.timesteps[call]
        shown = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        x = scheduler.step(model(shown, float(t), call), t, x, **extra).prev_sample
        if call == calls // 2:
            middle = x
    case = {"config": {"_class_name": class_name, **config}, "steps": steps}
    case.update({name: value for name, value in (("eta", eta), ("begin", begin), *given.items()) if value is not None})
    case.update({
        "seed": seed,
        "timesteps": floats(scheduler.timesteps.float(), 8),
        "levels": floats(scheduler.sigmas, 8) if hasattr(scheduler, "sigmas") else [],
        "init_noise_sigma": init_noise_sigma,
        "middle": [] if middle is None else floats(middle, 8),
        "final": floats(x, 8),
    })
    return case


SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False,
      "set_alpha_to_one": False, "steps_offset": 1}
COSINE = {"beta_schedule": "squaredcos_cap_v2", "clip_sample": False}
V = {"prediction_type": "v_prediction"}
KARRAS = {"use_karras_sigmas": True}
ZERO_SNR = {**SD, **V, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
DDIM, INVERSE, DDPM, PNDM = "DDIMScheduler", "DDIMInverseScheduler", "DDPMScheduler", "PNDMScheduler"
EULER, ANCESTRAL = "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler"
HEUN, LMS, KDPM2 = "HeunDiscreteScheduler", "LMSDiscreteScheduler", "KDPM2DiscreteScheduler"
KDPM2_ANCESTRAL = "KDPM2AncestralDiscreteScheduler"
MULTI, SINGLE = "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler"
DPM_SDE, MULTI_INVERSE = "DPMSolverSDEScheduler", "DPMSolverMultistepInverseScheduler"
DEIS, UNIPC, LCM, TCD = "DEISMultistepScheduler", "UniPCMultistepScheduler", "LCMScheduler", "TCDScheduler"
FLOW_EULER, FLOW_HEUN = "FlowMatchEulerDiscreteScheduler", "FlowMatchHeunDiscreteScheduler"
FLOW_LCM, CONSISTENCY = "FlowMatchLCMScheduler", "CMStochasticIterativeScheduler"
EDM = "EDMEulerScheduler"
EDM_MULTI = "EDMDPMSolverMultistepScheduler"
IPNDM = "IPNDMScheduler"
SA = "SASolverScheduler"
PREDICTIONS = ("epsilon", "v_prediction", "sample")


def samplers():
    yield from common_cases()
    yield from discrete_time_cases()
    yield from sigma_cases()
    yield from solver_cases()
    yield from stochastic_adams_cases()
    yield from flow_cases()


def common_cases():
    """What every sampler must do: predictions, spacings, few and many steps, and a start from a noised picture."""
    for name in (DDIM, DDPM, PNDM, EULER, ANCESTRAL, HEUN, LMS, KDPM2, KDPM2_ANCESTRAL, MULTI, SINGLE, DPM_SDE, DEIS, UNIPC, LCM, TCD):
        base = {**SD, "skip_prk_steps": True}
        for prediction in PREDICTIONS:
            if prediction == "sample" and name in (PNDM, ANCESTRAL, KDPM2, KDPM2_ANCESTRAL, DPM_SDE):
                continue  # diffusers has none
            for spacing, steps in (("leading", 10), ("linspace", 7), ("trailing", 12)):
                yield sampler_case(name, {**base, "prediction_type": prediction, "timestep_spacing": spacing}, steps)
        for steps in (1, 2, 3, 30):
            yield sampler_case(name, {**base, **V}, steps)
        if name != KDPM2_ANCESTRAL:  # whose levels of the cosine schedule hold a NaN in diffusers
            yield sampler_case(name, {**COSINE, **V, "skip_prk_steps": True}, 9)
        yield sampler_case(name, {}, 9)  # the defaults of its class
        if name not in (LCM,):
            yield sampler_case(name, ZERO_SNR | {"skip_prk_steps": True}, 8)
        yield sampler_case(name, {**base, **V, "timestep_spacing": "leading"}, 8, begin=4)


def discrete_time_cases():
    for eta in (0.3, 1.0):
        yield sampler_case(DDIM, SD, 10, eta)
        yield sampler_case(DDIM, {**SD, **V, "timestep_spacing": "trailing"}, 6, eta)
        yield sampler_case(TCD, SD, 6, eta)
    yield sampler_case(TCD, {**SD, **V}, 4, 0.0)
    yield sampler_case(TCD, SD, 5, 0.5, original_steps=40)
    for prediction in PREDICTIONS:
        yield sampler_case(INVERSE, {**SD, "prediction_type": prediction}, 10)
    for config in ({}, {**SD, **V, "timestep_spacing": "trailing"}, {**SD, "set_alpha_to_one": True, "clip_sample": True}):
        yield sampler_case(INVERSE, config, 6)
    yield sampler_case(DDIM, {"thresholding": True, "sample_max_value": 1.5, "dynamic_thresholding_ratio": 0.9}, 10)
    yield sampler_case(LCM, {"thresholding": True, "sample_max_value": 1.5, "dynamic_thresholding_ratio": 0.9}, 4)
    yield sampler_case(LCM, {"clip_sample": True, "timestep_scaling": 5.0, "original_inference_steps": 20}, 7)
    yield sampler_case(LCM, SD, 4, original_steps=30)
    yield sampler_case(LCM, SD, 4, strength=0.55)
    yield sampler_case(TCD, SD, 4, 0.5, strength=0.55)
    yield sampler_case(TCD, SD, 5, 0.5, original_steps=40, strength=0.3)
    for variance in ("fixed_small_log", "fixed_large"):
        yield sampler_case(DDPM, {**SD, "variance_type": variance}, 10)
    for curve in ("sigmoid", "laplace"):
        yield sampler_case(DDPM, {"beta_schedule": curve, "clip_sample": False}, 10)
    for steps in (4, 5, 11, 20):
        yield sampler_case(PNDM, SD, steps)
    yield sampler_case(PNDM, {**SD, **V, "set_alpha_to_one": True, "timestep_spacing": "trailing"}, 6)
    for begin in (1, 3):
        yield sampler_case(PNDM, {**SD, "skip_prk_steps": True}, 8, begin=begin)
    for begin in (2, 5):
        yield sampler_case(PNDM, SD, 8, begin=begin)


def sigma_cases():
    for name in (EULER, HEUN, LMS, KDPM2, KDPM2_ANCESTRAL, DPM_SDE):
        for flag in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"):
            for spacing, steps in (("leading", 5), ("linspace", 9), ("trailing", 14)):
                yield sampler_case(name, {**SD, **V, flag: True, "timestep_spacing": spacing}, steps)
    yield sampler_case(EULER, {**SD, **KARRAS, "sigma_min": 0.05, "sigma_max": 12.0}, 10)
    yield sampler_case(EULER, {**SD, "final_sigmas_type": "sigma_min"}, 10)
    yield sampler_case(EULER, {**SD, "interpolation_type": "log_linear"}, 6)
    yield sampler_case(EULER, {**SD, **V, **KARRAS, "timestep_type": "continuous", "sigma_max": 700.0, "sigma_min": 0.002}, 8)
    yield sampler_case(EULER, SD, 4, sigmas=[14.0, 6.0, 2.0, 0.5, 0.0])
    yield sampler_case(HEUN, {"beta_schedule": "exp", "clip_sample": True, "clip_sample_range": 2.0}, 6)
    for name in (LMS, HEUN, KDPM2, KDPM2_ANCESTRAL, DPM_SDE, ANCESTRAL):
        for begin in (2, 6):
            yield sampler_case(name, SD, 9, begin=begin)
    for tree in (0, 42, 2**32 + 5, 2**53 + 11, 2**63 - 1):
        yield sampler_case(DPM_SDE, {**SD, **KARRAS, "noise_sampler_seed": tree}, 10)
    yield sampler_case(DPM_SDE, {**SD, **V, **KARRAS}, 50)
    yield sampler_case(DPM_SDE, {"num_train_timesteps": 40, "trained_betas": [0.005 * i for i in range(1, 41)]}, 12)
    for config in ({}, {"sigma_schedule": "exponential"}, {**V, "sigma_data": 1.0, "rho": 5.0, "final_sigmas_type": "sigma_min"}):
        for steps in (1, 9):
            yield sampler_case(EDM, config, steps)
    for order in (1, 2, 3):
        for kind in ("midpoint", "heun"):
            solver = {"solver_order": order, "solver_type": kind}
            for steps in (1, 2, 9, 17):
                yield sampler_case(EDM_MULTI, solver, steps)
            if order < 3:
                yield sampler_case(EDM_MULTI, {**solver, **V, "algorithm_type": "sde-dpmsolver++"}, 8)
    yield sampler_case(EDM_MULTI, {"sigma_schedule": "exponential", "lower_order_final": False}, 8)
    yield sampler_case(EDM_MULTI, {"final_sigmas_type": "sigma_min", "sigma_min": 0.02, "sigma_max": 20.0, "euler_at_final": True}, 16)
    yield sampler_case(EDM_MULTI, {"thresholding": True, "sample_max_value": 1.5, "dynamic_thresholding_ratio": 0.9}, 8)
    yield sampler_case(EDM_MULTI, {"final_sigmas_type": "sigma_min"}, 1)
    for steps in (1, 50):
        yield sampler_case(EDM_MULTI, {"sigma_max": 20.0, "rho": 5.0}, steps)
    yield sampler_case(EDM_MULTI, {}, 50)
    for steps in (1, 2, 3, 4, 10, 25):
        yield sampler_case(IPNDM, {}, steps)
    for steps in (1, 2, 3, 13, 40):
        yield sampler_case(CONSISTENCY, {}, steps)
    yield sampler_case(CONSISTENCY, {"num_train_timesteps": 201, "sigma_min": 0.03, "sigma_max": 20.0, "rho": 5.0}, 6)
    yield sampler_case(CONSISTENCY, {"sigma_data": 1.0, "s_noise": 0.5, "clip_denoised": False}, 6)
    yield sampler_case(CONSISTENCY, {}, 8, begin=4)


def solver_cases():
    sigma_min = {"final_sigmas_type": "sigma_min"}
    for order in (1, 2, 3):
        for kind in ("midpoint", "heun"):
            solver = {**SD, "solver_order": order, "solver_type": kind}
            for algorithm in ("dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver"):
                for prediction, steps in (("v_prediction", 11), ("epsilon", 18)):
                    config = {**solver, "algorithm_type": algorithm, "prediction_type": prediction}
                    if "++" not in algorithm or prediction == "epsilon":
                        config |= sigma_min
                    if not (algorithm == "sde-dpmsolver" and order == 3):
                        yield sampler_case(MULTI, config, steps)
                    if algorithm != "sde-dpmsolver":
                        yield sampler_case(SINGLE, config, steps)
            for begin in (1, 4):
                yield sampler_case(MULTI, solver, 8, begin=begin)
                yield sampler_case(SINGLE, solver, 8, begin=begin)
        yield sampler_case(DEIS, {**SD, "solver_order": order}, 8, begin=3)
        for steps in (6, 12, 18):
            yield sampler_case(DEIS, {**SD, **V, "solver_order": order}, steps)
            yield sampler_case(SINGLE, {**SD, **V, "solver_order": order, "lower_order_final": True}, steps + order)
            yield sampler_case(UNIPC, {**SD, **V, "solver_order": order}, steps)
            yield sampler_case(UNIPC, {**SD, **sigma_min, "solver_order": order, "solver_type": "bh1"}, steps)
            yield sampler_case(UNIPC, {**SD, **sigma_min, "solver_order": order, "predict_x0": False}, steps)
            yield sampler_case(UNIPC, {**SD, **sigma_min, "solver_order": order, "lower_order_final": False}, steps)
            yield sampler_case(UNIPC, {**SD, "solver_order": order, "disable_corrector": [0, 2]}, steps)
        yield sampler_case(UNIPC, {**SD, "solver_order": order}, 8, begin=3)
        yield sampler_case(UNIPC, {**SD, "solver_order": order, "lower_order_final": False}, 1)
    for name in (MULTI, SINGLE, DEIS, UNIPC):
        for flag in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"):
            for steps in (5, 16):
                yield sampler_case(name, {**SD, **V, flag: True}, steps)
                if name == UNIPC:
                    yield sampler_case(name, {**SD, **V, **sigma_min, flag: True}, steps)
        flow = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 3.0}
        yield sampler_case(name, flow, 9)
        yield sampler_case(name, {**flow, "use_dynamic_shifting": True}, 9, mu=0.8)
        threshold = {**SD, "thresholding": True, "sample_max_value": 1.5, "dynamic_thresholding_ratio": 0.9}
        yield sampler_case(name, threshold, 10)
    yield sampler_case(UNIPC, {**flow, "shift_terminal": 0.1}, 7)
    yield sampler_case(UNIPC, {**flow, **KARRAS}, 7)
    yield sampler_case(UNIPC, flow, 4, sigmas=[1.0, 0.8, 0.5, 0.2])
    yield sampler_case(UNIPC, {**SD, **KARRAS, "sigma_min": 0.05, "sigma_max": 12.0}, 7)
    for steps in (10, 20):
        yield sampler_case(MULTI, {**SD, **sigma_min}, steps)
        yield sampler_case(MULTI, {**SD, **sigma_min, "lower_order_final": False}, steps)
        yield sampler_case(MULTI, {**SD, **sigma_min, "euler_at_final": True}, steps)
        yield sampler_case(MULTI, {**COSINE, **KARRAS}, steps)
        yield sampler_case(MULTI, {**COSINE, "lambda_min_clipped": -5.1}, steps)
        yield sampler_case(SINGLE, {**COSINE, "lambda_min_clipped": -5.1}, steps)
        yield sampler_case(MULTI, {**SD, **V, "use_lu_lambdas": True}, steps)
    yield sampler_case(MULTI, {**COSINE, "use_lu_lambdas": True}, 6)
    yield from inverse_solver_cases()


def inverse_solver_cases():
    for order in (1, 2, 3):
        for kind in ("midpoint", "heun"):
            for algorithm in ("dpmsolver++", "dpmsolver"):
                for prediction, steps in zip(PREDICTIONS, (6, 9, 18)):
                    config = {**SD, "solver_order": order, "solver_type": kind, "algorithm_type": algorithm}
                    yield sampler_case(MULTI_INVERSE, {**config, "prediction_type": prediction}, steps)
    for spacing, steps in (("leading", 10), ("linspace", 7), ("trailing", 12)):
        yield sampler_case(MULTI_INVERSE, {**SD, "timestep_spacing": spacing}, steps)
    for flag in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"):
        yield sampler_case(MULTI_INVERSE, {**SD, **V, flag: True}, 5)
    yield sampler_case(MULTI_INVERSE, {**SD, **KARRAS}, 40)  # whose lowest times are one whole one
    yield sampler_case(MULTI_INVERSE, {**COSINE, "lambda_min_clipped": -5.1}, 10)
    yield sampler_case(MULTI_INVERSE, {**SD, "euler_at_final": True, "lower_order_final": False}, 8)
    yield sampler_case(MULTI_INVERSE, {**SD, "thresholding": True, "sample_max_value": 1.5, "dynamic_thresholding_ratio": 0.9}, 8)
    yield sampler_case(MULTI_INVERSE, {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 3.0}, 9)


def stochastic_adams_cases():
    for predictor, corrector in ((1, 1), (2, 2), (2, 1), (3, 2), (1, 3), (3, 4), (4, 3)):
        orders = {**SD, "predictor_order": predictor, "corrector_order": corrector}
        for steps in (1, 2, 6, 20):
            yield sampler_case(SA, {**orders, **V}, steps)
        yield sampler_case(SA, orders, 9)
        yield sampler_case(SA, {**orders, "lower_order_final": False}, 9)
        yield sampler_case(SA, {**orders, "algorithm_type": "noise_prediction"}, 9)
    for flag in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"):
        yield sampler_case(SA, {**SD, **V, flag: True}, 8)
    for spacing in ("leading", "trailing"):
        yield sampler_case(SA, {**SD, "timestep_spacing": spacing, "steps_offset": 1 if spacing == "leading" else 0}, 8)
    yield sampler_case(SA, {**COSINE, "lambda_min_clipped": -5.1}, 8)
    yield sampler_case(SA, {**SD, "prediction_type": "sample", "thresholding": True, "sample_max_value": 1.5}, 8)
    yield sampler_case(SA, {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 3.0}, 9)
    yield sampler_case(SA, {**SD, **V}, 9, begin=4)
    yield sampler_case(SA, {"beta_start": 0.0015, "predictor_order": 4}, 10)


def flow_cases():
    for steps in (2, 3):
        yield sampler_case(FLOW_HEUN, {}, steps)
        yield sampler_case(FLOW_HEUN, {"num_train_timesteps": 1100, "shift": 0.7}, steps)
    for steps in (1, 2, 7, 20):
        yield sampler_case(FLOW_EULER, {"shift": 3.0}, steps)
        yield sampler_case(FLOW_HEUN, {"shift": 3.0}, steps)
        yield sampler_case(FLOW_EULER, {"use_dynamic_shifting": True}, steps, mu=0.9)
    yield sampler_case(FLOW_EULER, {}, 5)
    yield sampler_case(FLOW_HEUN, {}, 5)
    for flag in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "invert_sigmas", "stochastic_sampling"):
        yield sampler_case(FLOW_EULER, {"shift": 1.5, flag: True}, 8)
        if flag != "stochastic_sampling":
            yield sampler_case(FLOW_LCM, {"shift": 1.5, flag: True}, 8)
    for steps in (1, 2, 7):
        yield sampler_case(FLOW_LCM, {"shift": 3.0}, steps)
    yield sampler_case(FLOW_LCM, {"use_dynamic_shifting": True}, 4, mu=0.9)
    yield sampler_case(FLOW_LCM, {"use_dynamic_shifting": True, "time_shift_type": "linear"}, 8, mu=1.7)
    yield sampler_case(FLOW_LCM, {"shift": 2.0, "shift_terminal": 0.1}, 8)
    yield sampler_case(FLOW_LCM, {"shift": 3.0}, 4, sigmas=[1.0, 0.75, 0.5, 0.25])
    yield sampler_case(FLOW_EULER, {"shift": 2.0, "shift_terminal": 0.1}, 8)
    yield sampler_case(FLOW_EULER, {"use_dynamic_shifting": True, "time_shift_type": "linear"}, 8, mu=1.7)
    yield sampler_case(FLOW_EULER, {"shift": 3.0}, 4, sigmas=[1.0, 0.75, 0.5, 0.25])
    for name in (FLOW_EULER, FLOW_LCM):  # Heun's scale_noise of diffusers heeds no begin index
        yield sampler_case(name, {"shift": 3.0}, 8, begin=4)


def noise():
    for seed in (0, 1, 42, 2**31, 2**32 - 1, 2**32 + 5, 2**53 + 11):
        generator = torch.Generator("cpu").manual_seed(seed)
        draws = []
        for n in (4, 3, 1, 15, 16, 17, 31, 32, 48, 1000, 1024, 16384):
            values = torch.randn(n, generator=generator)
            draws.append({"n": n, "first": float(values[0]), "sha256": digest(values)})
        yield {"seed": seed, "draws": draws}


def paths():
    """Questions to Brownian trees, one after the other, as diffusers has its tree."""
    draw = np.random.RandomState(5)
    for seed in (0, 1, 42, 2**31, 2**32 + 5, 2**53 + 11, 2**63 - 1):
        for low, high, shape in ((0.0291675, 14.614647, (1, 4, 8, 8)), (0.002, 80.0, (3, 5)), (0.5, 0.51, (17,)), (0.03, 76519.453125, (7,))):
            tree = torchsde.BrownianInterval(
                t0=low, t1=high, size=shape, dtype=torch.float32, entropy=seed, tol=1e-6, pool_size=24, halfway_tree=True)
            questions = []
            for bounds in [(low, high), *(sorted(draw.uniform(low, high, 2)) for _ in range(6))]:
                questions.append([*map(float, bounds), digest(tree(*bounds))])
            yield {"seed": seed, "low": low, "high": high, "n": int(np.prod(shape)), "questions": questions}


def schedules():
    for config in (
        {},
        {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"},
        {"beta_start": 0.0015, "beta_end": 0.0195, "beta_schedule": "scaled_linear"},
        {"beta_schedule": "squaredcos_cap_v2"},
        {"num_train_timesteps": 1100},
        {"num_train_timesteps": 50},
        {"num_train_timesteps": 4, "trained_betas": [0.1, 0.2, 0.3, 0.4]},
        {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "rescale_betas_zero_snr": True},
    ):
        scheduler = diffusers.DDPMScheduler.from_config(dict(config))
        yield {
            "config": {"_class_name": "DDPMScheduler", **config},
            "betas_sha256": digest(scheduler.betas),
            "alphas_cumprod_sha256": digest(scheduler.alphas_cumprod),
            "alphas_cumprod": floats(scheduler.alphas_cumprod[:: max(1, len(scheduler.alphas_cumprod) // 10)]),
        }


def logarithms():
    """Of float32 numbers an odd number of places apart, from 2^-20 to beyond 2^19."""
    places = np.arange(0x35800000, 0x49800000, 1009, dtype=np.uint32)
    yield {"first": 0x35800000, "step": 1009, "count": len(places), "sha256": hashlib.sha256(np.log(places.view(np.float32)).astype("<f4").tobytes()).hexdigest()}


def write(name, rows):
    with open(OUT / name, "w") as out:
        for row in rows:
            out.write(json.dumps(row, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    write("samplers.jsonl", samplers())
    write("noise.jsonl", noise())
    write("paths.jsonl", paths())
    write("schedules.jsonl", schedules())
    write("logarithms.jsonl", logarithms())
