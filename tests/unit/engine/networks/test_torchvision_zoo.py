"""torchvision's families: judged as torchvision judges, loaded from its state dicts, refused in one sentence."""

from __future__ import annotations

import pytest

from engine.errors import UsageError

torch = pytest.importorskip("torch", reason="needs the train extra")
torchvision = pytest.importorskip("torchvision")

from engine.networks.catalogue import build, check_head, check_input, last_layer, normalisation_of  # noqa: E402
from engine.networks.classifiers import Classifier  # noqa: E402
from engine.networks.torchvision_zoo import FAMILIES, TORCHVISION  # noqa: E402
from tests.networks import settle  # noqa: E402

pytestmark = pytest.mark.slow

# One small member of every family, the side it is tried at, and whether its class activation map is exact.
MEMBERS = [
    ("resnet18", 64, True),
    ("resnext50_32x4d", 64, True),
    ("wide_resnet50_2", 64, True),
    ("regnet_y_400mf", 64, True),
    ("shufflenet_v2_x0_5", 64, True),
    ("inception_v3", 96, True),
    ("googlenet", 64, True),
    ("mnasnet0_5", 64, True),
    ("mobilenet_v2", 64, True),
    ("mobilenet_v3_small", 64, False),
    ("efficientnet_b0", 64, True),
    ("efficientnet_v2_s", 64, True),
    ("convnext_tiny", 64, False),
    ("vgg11_bn", 64, False),
    ("alexnet", 64, False),
    ("densenet121", 64, True),
    ("squeezenet1_1", 64, True),
]
PLAIN = {"inception_v3": {"aux_logits": False, "init_weights": False}}
PLAIN["googlenet"] = PLAIN["inception_v3"]


@pytest.mark.parametrize(("name", "side", "cam"), MEMBERS)
def test_every_family_judges_as_torchvision_does(name: str, side: int, cam: bool) -> None:
    pictures = torch.rand(2, 3, side, side)
    theirs = settle(torchvision.models.get_model(name, weights=None, num_classes=3, **PLAIN.get(name, {})), pictures)
    ours = build(name, 3, 3, state=theirs.state_dict()).eval()
    assert isinstance(ours, Classifier)
    *_, final = (m for m in theirs.modules() if isinstance(m, torch.nn.Linear | torch.nn.Conv2d))
    last_layer(ours)[1].load_state_dict(final.state_dict())
    with torch.no_grad():
        expected, found = theirs(pictures), ours(pictures)
    assert float(expected.abs().max()) > 1e-3, "the comparison would not mean anything"
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert ours.cam is cam


def test_every_family_is_tried_and_no_transformer_is_offered() -> None:
    tried = {name for name, _, _ in MEMBERS}
    assert tried <= set(TORCHVISION)
    assert all(any(name.startswith(family) for name in tried) for family in FAMILIES)
    assert not any(name.startswith(("vit", "swin", "maxvit")) for name in TORCHVISION)


def test_a_state_of_another_network_is_refused() -> None:
    state = torchvision.models.resnet18(weights=None).state_dict()
    with pytest.raises(RuntimeError, match="unknown"):
        build("mobilenet_v2", 3, 2, state=state)
    wider = {k: torch.zeros(7, *v.shape[1:]) if k == "layer1.0.conv1.weight" else v for k, v in state.items()}
    with pytest.raises(RuntimeError):
        build("resnet18", 3, 2, state=wider)


def test_a_state_with_side_outputs_loads_without_them() -> None:
    theirs = torchvision.models.googlenet(weights=None, num_classes=5, aux_logits=True, init_weights=False).eval()
    ours = build("googlenet", 3, 2, state=theirs.state_dict())
    first = theirs.conv1.conv.weight
    assert torch.equal(ours.state_dict()["features.conv1.conv.weight"], first)
    assert not any("aux" in key for key in ours.state_dict())


def test_inception_is_scaled_as_its_weights_were_made() -> None:
    # torchvision turns ImageNet's scaling of x into x·(0.229/0.5) + (0.485 - 0.5)/0.5, which is (pixel - 0.5)/0.5.
    x = torch.rand(1, 3, 8, 8)
    imagenet = (x - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(
        1, 3, 1, 1
    )
    body = torchvision.models.inception_v3(weights=None, transform_input=True, aux_logits=False, init_weights=False)
    mean, deviation = normalisation_of("inception_v3")
    ours = (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(deviation).view(1, 3, 1, 1)
    assert torch.allclose(body._transform_input(imagenet), ours, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "side", "least"), [("inception_v3", 64, "75×75"), ("vgg16", 24, "32×32"), ("segdec", 32, "64×64")]
)
def test_pictures_too_small_for_a_network_are_refused(name: str, side: int, least: str) -> None:
    with pytest.raises(UsageError, match=least):
        check_input(name, side, 256)
    check_input(name, 256, 256)


def test_fast_network_refuses_sides_it_cannot_halve_three_times() -> None:
    with pytest.raises(UsageError, match="multiples of 8"):
        check_input("segdec-fast", 100, 256)
    with pytest.raises(UsageError, match="multiples of 16"):
        check_input("lite0-segdec", 104, 256)


def test_heads_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="two classes"):
        check_head(build("small_cnn", 1, 1), "small_cnn", "binary", 3)
    with pytest.raises(UsageError, match="never negative"):
        check_head(build("squeezenet1_1", 3, 2), "squeezenet1_1", "sigmoid", 2)
