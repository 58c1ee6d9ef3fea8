"""The decoder of tokens: which cell is which, and that it can learn to draw."""

import torch

from earmark.models.decoder import TokenDecoder, token_pictures


def test_what_it_should_draw_are_the_tokens_from_floor_to_maximum() -> None:
    view = torch.full((2, 128, 57), -80.0)
    view[1, 3, 19:38] = 0.0  # the second token, in the fourth band
    view[1, 3, 40] = -20.0
    pictures = token_pictures(view, 3)
    assert pictures.shape == (2, 3, 128, 19)
    assert pictures[1, 1, 3].tolist() == [1.0] * 19
    assert pictures[1, 2, 3, 2] == 0.75
    assert pictures.sum().item() == 19.75


def test_it_learns_to_draw_each_of_some_tokens_from_its_vector() -> None:
    torch.manual_seed(0)
    decoder, vectors = TokenDecoder(4, 16), torch.eye(4)[None]
    wanted = torch.rand(1, 4, 8, 19, generator=torch.Generator().manual_seed(1)).repeat_interleave(16, dim=2)
    optimizer = torch.optim.Adam(decoder.parameters(), lr=0.02)
    assert decoder(vectors).shape == wanted.shape
    for _ in range(60):
        loss = (decoder(vectors) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < wanted.var().item() / 10
    assert torch.allclose(decoder(vectors)[0, 2], decoder(vectors[0, 2]), atol=1e-5)
