"""Where the published code looks for models."""

PATH_TO_LLM = {"Qwen25": "models/Qwen2.5-7B-Instruct"}
PATH_TO_VISUAL = {"CLIP_VIT_LARGE": "models/clip-vit-large-patch14"}
PATH_TO_AUDIO = {"HUBERT_LARGE": "models/chinese-hubert-large"}
