"""The pages of the data model, where the product has them: a domain of somebody else's need have none."""

from __future__ import annotations

from cli import data_model
from shared.contracts import domains


def test_the_pages_of_the_data_model_are_current() -> None:
    wanted = data_model.pages()
    present = {path: data_model.FOLDER / path for path in wanted if (data_model.FOLDER / path).exists()}
    if not {f"{domain}.md" for domain in domains()} <= present.keys():
        present.pop(data_model.INDEX, None)  # it lists all domains
    stale = [path for path, file in present.items() if file.read_text("utf-8") != wanted[path]]
    assert stale == [], "run ./lake contract docs"
